import { decodeProtectedHeader, decodeJwt } from 'jose';
import KeycloakConnect from 'keycloak-connect';
import { unauthorized, type DomainError } from '@escale/domain/errors';
import type { ApiConfig } from '../config.ts';
import { splitIssuer } from './issuer.ts';
import { providerUnavailable } from './openid-provider.ts';

/** Keys of the realm are asked for at most this often for an unknown id (S9), or after they could not be had. Milliseconds. */
const unknownKeyPause = 30_000;
const failurePause = 2000;
/** How long keys are used, and how long they may be while new ones cannot be had: a key that Keycloak dropped must end. */
const keyAge = 10 * 60 * 1000;
const keyAgeAtMost = 60 * 60 * 1000;
const clockSkewSeconds = 30;

interface GrantManager {
  createGrant(grant: { access_token: string }): Promise<{ access_token: { content: Record<string, unknown> } }>;
  rotation: { realmUrl: string; retrieveJWKs(): Promise<unknown>; jwks: unknown[]; lastTimeRequesTime: number };
}

/**
 * Validates Keycloak's access tokens for `/graphql`: the one file that knows keycloak-connect. That library is no longer
 * maintained; what it leaves open is closed here before and around it (algorithm, lifetime, size, key fetching).
 */
export class KeycloakBearers {
  readonly #manager: GrantManager;
  readonly #fetch: typeof globalThis.fetch;
  readonly #keysUrl: string;
  readonly #isRealm: boolean;
  #keys: { keys: unknown[]; ids: Set<string>; at: number } | undefined;
  #fetching: Promise<void> | undefined;
  #askedAt = 0;
  #failed = false;

  constructor({ oidc, apiAudience }: ApiConfig, fetch: typeof globalThis.fetch) {
    const { base, realm } = splitIssuer(oidc.issuer);
    const keycloak = new KeycloakConnect({}, {
      realm,
      'auth-server-url': base,
      resource: apiAudience,
      'bearer-only': true,
      'verify-token-audience': true,
      'ssl-required': 'none',
      'confidential-port': 0,
    } as never);
    this.#manager = (keycloak as unknown as { grantManager: GrantManager }).grantManager;
    this.#fetch = fetch;
    this.#isRealm = realm !== '';
    this.#keysUrl = `${oidc.issuer}/protocol/openid-connect/certs`;
    // Its own fetching ends the process on an answer that is not JSON, and knows no timeout.
    this.#manager.rotation.retrieveJWKs = async () => ({ keys: this.#keys?.keys ?? [] });
  }

  /**
   * @returns the token's verified claims
   * @throws UNAUTHORIZED; UNAVAILABLE while the realm's keys cannot be had
   */
  async verify(token: string): Promise<Record<string, unknown>> {
    if (!this.#isRealm)
      throw unauthorized(
        'this identity provider is no Keycloak realm: its access tokens are not taken, robot tokens are',
      );
    const kid = precheck(token);
    await this.#ensureKey(kid);
    try {
      const { access_token } = await this.#manager.createGrant({ access_token: token });
      return access_token.content;
    } catch (cause) {
      throw refused(cause);
    }
  }

  async #ensureKey(kid: string): Promise<void> {
    const now = Date.now();
    const known = this.#keys?.ids.has(kid) ?? false;
    const age = now - (this.#keys?.at ?? 0);
    if (known && age < keyAge) return;
    const usable = known && age < keyAgeAtMost;
    if (!this.#fetching && now - this.#askedAt < (this.#failed ? failurePause : unknownKeyPause)) {
      if (usable) return;
      throw this.#failed ? providerUnavailable() : refused();
    }
    this.#fetching ??= this.#fetchKeys().finally(() => {
      this.#fetching = undefined;
    });
    try {
      await this.#fetching;
    } catch (error) {
      if (usable) return;
      throw error;
    }
    if (!this.#keys?.ids.has(kid)) throw refused();
  }

  async #fetchKeys(): Promise<void> {
    this.#askedAt = Date.now();
    this.#failed = true;
    try {
      const answer = await this.#fetch(this.#keysUrl, { signal: AbortSignal.timeout(5000), redirect: 'error' });
      const body = (await answer.json()) as { keys?: unknown };
      if (!answer.ok || !Array.isArray(body.keys))
        throw new Error(`the realm's keys were answered with ${String(answer.status)}`);
      const keys = body.keys as { kid?: unknown }[];
      this.#keys = { keys, ids: new Set(keys.map(({ kid }) => String(kid))), at: Date.now() };
      this.#failed = false;
      // A key that Keycloak has dropped must not live on in the library's cache.
      this.#manager.rotation.jwks = [];
      this.#manager.rotation.lastTimeRequesTime = 0;
    } catch (cause) {
      throw providerUnavailable(cause);
    }
  }
}

/** What keycloak-connect does not check: algorithm, extensions, that there is an end, that it has begun. @returns the key's id */
function precheck(token: string): string {
  if (token.length > 16_384) throw refused();
  try {
    const { alg, crit, kid } = decodeProtectedHeader(token);
    const { exp, iat, nbf } = decodeJwt(token);
    const now = Date.now() / 1000;
    const timely =
      typeof exp === 'number' &&
      typeof iat === 'number' &&
      exp > now &&
      iat <= now + clockSkewSeconds &&
      (nbf ?? 0) <= now + clockSkewSeconds;
    if (alg === 'RS256' && crit === undefined && typeof kid === 'string' && timely) return kid;
  } catch (cause) {
    throw refused(cause);
  }
  throw refused();
}

function refused(cause?: unknown): DomainError {
  const error = unauthorized('the access token is invalid, expired, or not meant for this API');
  error.cause = cause;
  return error;
}
