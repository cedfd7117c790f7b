import { computed, ref } from 'vue';
import { client, failureOf } from '../graphql/client.ts';
import { forgetForms } from '../ui/kept-form.ts';
import { SessionDocument, type SessionQuery } from '../graphql/generated/graphql.ts';

const loaded = ref<SessionQuery>();

/** Who is signed in, and what this registry is. */
export const viewer = computed(() => loaded.value?.viewer ?? undefined);
/** What the administrators tell everybody. */
export const messages = computed(() => loaded.value?.messages ?? []);
export const server = computed(() => loaded.value?.server);

/** The other windows of this browser: signing out in one empties all. */
const announce = new BroadcastChannel('escale-session');
announce.addEventListener('message', () => {
  window.location.reload();
});

/** Asks the server who we are. @throws Error while the server does not answer */
export async function loadSession(): Promise<SessionQuery> {
  const { data, error } = await client.query(SessionDocument, {}, { requestPolicy: 'network-only' }).toPromise();
  if (data) {
    loaded.value = data;
    return data;
  }
  throw new Error(error ? failureOf(error).message : 'the server does not answer');
}

/** The session once it is known; asked for only the first time. */
export async function session(): Promise<SessionQuery> {
  return loaded.value ?? loadSession();
}

/** Ends the session here and at the identity provider. Nothing private stays behind in this page. */
export async function signOut(): Promise<void> {
  const answer = await fetch('/auth/logout', {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'x-escale-csrf': '1' },
  });
  const { redirectTo } = (await answer.json()) as { redirectTo: string };
  loaded.value = undefined;
  forgetForms();
  announce.postMessage('signed out');
  window.location.replace(redirectTo);
}

/** Where somebody who is signed out is sent. @param wanted the page that needs a sign-in, to which it leads back */
export function signInPage(wanted: string): { path: string; query: Record<string, string> } {
  return { path: '/sign-in', query: wanted === '/' ? {} : { reason: 'required', returnTo: wanted } };
}

/** @param options.fresh the provider asks for the password again, unless it has just done so */
export function signInAddress(returnTo: string, { fresh = false }: { fresh?: boolean } = {}): string {
  return `/auth/login?${fresh ? 'fresh=1&' : ''}returnTo=${encodeURIComponent(returnTo)}`;
}
