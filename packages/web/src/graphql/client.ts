import { cacheExchange, Client, fetchExchange, mapExchange, type CombinedError } from '@urql/core';
import { ref } from 'vue';
import { begin, end } from '../busy.ts';
import { i18n } from '../i18n/index.ts';

/** Whether the last request found the server; the banner follows it. */
export const serverReachable = ref(true);

/** What a page or a form needs to know of a failure. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  /** The input at fault. */
  readonly field: string | undefined;
}

/** The code of what needs a sign-in of a short while ago: showing and making secrets. */
export const signInTooOld = 'FRESH_SIGN_IN_REQUIRED';

type SessionLost = () => void;
let onSessionLost: SessionLost = () => undefined;

/** Called when the server no longer knows who we are. */
export function whenSessionLost(act: SessionLost): void {
  onSessionLost = act;
}

let onSignInTooOld: SessionLost = () => undefined;

/** Called when something was refused until the person signs in again. */
export function whenSignInTooOld(act: SessionLost): void {
  onSignInTooOld = act;
}

let onOutdated: SessionLost = () => undefined;

/** Called when the server is of another build than this page: it does not know the page's documents. */
export function whenOutdated(act: SessionLost): void {
  onOutdated = act;
}

/** One client for the console. The header is the server's proof that a request comes from our own pages. */
export const client = new Client({
  url: '/graphql',
  preferGetMethod: false,
  requestPolicy: 'cache-and-network',
  fetchOptions: () => ({ credentials: 'same-origin', headers: { 'x-escale-csrf': '1' } }),
  exchanges: [
    cacheExchange,
    mapExchange({
      onOperation: ({ key, kind }) => {
        if (kind === 'teardown') end(key);
        else begin(key);
      },
      onResult: ({ error, operation }) => {
        end(operation.key);
        serverReachable.value = !error?.networkError || (error.response as Response | undefined)?.status === 401;
      },
      onError: (error) => {
        const { code } = failureOf(error);
        if (code === 'UNAUTHORIZED') onSessionLost();
        if (code === signInTooOld) onSignInTooOld();
        if (code === 'DOCUMENT_UNKNOWN') onOutdated();
      },
    }),
    fetchExchange,
  ],
});

/** The first reason of a failed request: what the catalogue has for its code, else in the server's words. */
export function failureOf(error: CombinedError): Failure {
  const [first] = error.graphQLErrors;
  if (first) {
    const { code, field } = first.extensions as { code?: string; field?: string };
    const text = `refusals.${code ?? ''}`;
    const { t, te } = i18n.global;
    return { code: code ?? 'UNKNOWN', message: te(text) ? t(text) : first.message, field };
  }
  const status = (error.response as Response | undefined)?.status;
  return { code: status === 401 ? 'UNAUTHORIZED' : 'UNREACHABLE', message: error.message, field: undefined };
}
