import {
  allowInsecureRequests,
  ClientSecretPost,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  type Configuration,
  type CustomFetch,
} from 'openid-client';
import { createRemoteJWKSet, customFetch as keyFetch, type JWTVerifyGetKey } from 'jose';
import { DomainError } from '@escale/domain/errors';
import type { ApiConfig } from '../config.ts';

/** Milliseconds before a provider that did not answer is asked again. */
const pause = 2000;

/** The identity provider's metadata, looked up at first need and again after a failure: it may start after us (P7). */
export class OpenIdProvider {
  readonly #config: ApiConfig['oidc'];
  readonly #fetch: typeof globalThis.fetch;
  #found: Promise<Configuration> | undefined;
  #failedAt = 0;
  #keys: JWTVerifyGetKey | undefined;

  constructor(config: ApiConfig['oidc'], fetch: typeof globalThis.fetch) {
    this.#config = config;
    this.#fetch = fetch;
  }

  /** @throws UNAVAILABLE while the provider does not answer */
  async configuration(): Promise<Configuration> {
    if (!this.#found) {
      if (Date.now() - this.#failedAt < pause) throw providerUnavailable();
      this.#found = this.#discover();
      this.#found.catch(() => {
        this.#found = undefined;
        this.#failedAt = Date.now();
      });
    }
    try {
      return await this.#found;
    } catch (cause) {
      throw providerUnavailable(cause);
    }
  }

  /** The provider's keys: kept for ten minutes, looked up anew at most once in 30 s for an unknown one (S9). @throws UNAVAILABLE */
  async keys(): Promise<JWTVerifyGetKey> {
    const { jwks_uri: address } = (await this.configuration()).serverMetadata();
    if (address === undefined) throw providerUnavailable(new Error('the provider names no keys'));
    this.#keys ??= createRemoteJWKSet(new URL(address), { [keyFetch]: this.#fetch, timeoutDuration: 5000 });
    return this.#keys;
  }

  async #discover(): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = this.#config;
    const { protocol } = new URL(issuer);
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out; the demo provider is on localhost
    const insecure = protocol === 'http:' ? [allowInsecureRequests] : [];
    return discovery(new URL(issuer), clientId, clientSecret, ClientSecretPost(clientSecret), {
      timeout: 5,
      [customFetch]: this.#fetch as CustomFetch,
      // Signatures of ID tokens are checked too, although they come straight from the provider: its address may be plain http.
      execute: [enableNonRepudiationChecks, ...insecure],
    });
  }
}

export function providerUnavailable(cause?: unknown): DomainError {
  const error = new DomainError(
    'UNAVAILABLE',
    'the identity provider does not answer at the moment; try again shortly',
  );
  error.cause = cause;
  return error;
}

/** Of openid-client: too late. Of jose: too late; an answer that is no set of keys. */
const codes: ReadonlySet<unknown> = new Set(['OAUTH_TIMEOUT', 'ERR_JWKS_TIMEOUT', 'ERR_JOSE_GENERIC']);

/** Whether something failed because the provider does not answer, not because of what it said: 5xx, no connection, too late. */
export function isUnavailable(error: unknown): boolean {
  const chain: unknown[] = [];
  for (let link: unknown = error; link instanceof Error && chain.length < 8; link = link.cause)
    chain.push(link, link.cause);
  return chain.some((link) => {
    if (link instanceof DomainError) return link.code === 'UNAVAILABLE';
    if (typeof link !== 'object' || link === null) return false;
    const { status, name, code }: { status?: unknown; name?: unknown; code?: unknown } = link;
    const unreachable = link instanceof TypeError && link.message === 'fetch failed';
    return (typeof status === 'number' && status >= 500) || name === 'TimeoutError' || codes.has(code) || unreachable;
  });
}
