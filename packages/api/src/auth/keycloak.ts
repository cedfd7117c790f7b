import { decodeProtectedHeader, decodeJwt, type JWTPayload, type ProtectedHeaderParameters } from 'jose';
import KeycloakConnect from 'keycloak-connect';
import { unauthorized, type DomainError } from '@escale/domain/errors';
import type { ApiConfig } from '../config.ts';
import { splitIssuer } from './issuer.ts';
import { clockSkew } from './provider-identity.ts';
import type { ProviderKeys } from './provider-keys.ts';

/** Of keycloak-connect, what is used; its own declarations leave these out. */
interface GrantManager {
  createGrant(grant: { access_token: string }): Promise<{ access_token: { content: Record<string, unknown> } }>;
  rotation: { jwks: readonly unknown[]; retrieveJWKs(): Promise<unknown> };
}

/**
 * Validates Keycloak's access tokens for `/graphql`: the one file that knows keycloak-connect. That library is no longer
 * maintained; what it leaves open is closed here before and around it (algorithm, lifetime, size, key fetching).
 */
export class KeycloakBearers {
  readonly #manager: GrantManager;
  readonly #keys: ProviderKeys;
  readonly #issuer: string;
  readonly #audience: string;
  readonly #isRealm: boolean;

  constructor({ oidc, apiAudience }: ApiConfig, keys: ProviderKeys) {
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
    this.#keys = keys;
    this.#issuer = oidc.issuer;
    this.#audience = apiAudience;
    this.#isRealm = realm !== '';
    // Its own fetching ends the process on an answer that is not JSON, and knows no timeout.
    this.#manager.rotation.retrieveJWKs = async () => ({ keys: this.#manager.rotation.jwks });
  }

  /**
   * @returns the token's verified claims
   * @throws UNAUTHORIZED with the reason; UNAVAILABLE while the realm's keys cannot be had
   */
  async verify(token: string): Promise<Record<string, unknown>> {
    if (!this.#isRealm)
      throw unauthorized(
        'this identity provider is no Keycloak realm: its access tokens are not taken, robot tokens are',
      );
    const kid = this.#precheck(token);
    const { keys, ids } = await this.#keys.holding(kid, 'anyone');
    if (!ids.has(kid)) throw refused('is signed with a key that the realm does not have');
    // A key that Keycloak has dropped must not live on in the library's own cache.
    this.#manager.rotation.jwks = keys;
    try {
      const { access_token } = await this.#manager.createGrant({ access_token: token });
      return access_token.content;
    } catch (cause) {
      throw refused('does not carry a good signature', cause);
    }
  }

  /**
   * What keycloak-connect does not check: algorithm, extensions, that there is an end, that it has begun. What it does check is
   * looked at as well, for a reason in words, and so that no stranger's token makes us look for its key.
   * @returns the key's id
   */
  #precheck(token: string): string {
    if (token.length > 16_384) throw refused('is larger than 16 KiB');
    const { header, claims } = parse(token);
    if (header.alg !== 'RS256') throw refused('is not signed with RS256');
    if (typeof header.kid !== 'string') throw refused('names no key');
    const strange = Object.keys(header).find((name) => !['alg', 'kid', 'typ'].includes(name));
    if (strange !== undefined) throw refused('has a header that an access token of the realm does not have');
    const reason = this.#reasonAgainst(claims);
    if (reason !== undefined) throw refused(reason);
    return header.kid;
  }

  #reasonAgainst({ iss, aud, typ, exp, iat, nbf }: JWTPayload): string | undefined {
    const now = Date.now() / 1000;
    if (iss !== this.#issuer) return `is not of the issuer ${this.#issuer}`;
    if (typ !== 'Bearer') return 'is no access token';
    if (![aud].flat().includes(this.#audience))
      return `is not meant for this API: its audience lacks ${this.#audience}`;
    if (typeof exp !== 'number' || typeof iat !== 'number') return 'does not say from when to when it holds';
    if (exp <= now) return 'has expired';
    if (iat > now + clockSkew || (nbf ?? 0) > now + clockSkew) return 'does not hold yet';
    return undefined;
  }
}

function parse(token: string): { header: ProtectedHeaderParameters; claims: JWTPayload } {
  try {
    return { header: decodeProtectedHeader(token), claims: decodeJwt(token) };
  } catch (cause) {
    throw refused('cannot be read', cause);
  }
}

/** @param reason goes on from "the access token" */
function refused(reason: string, cause?: unknown): DomainError {
  const error = unauthorized(`the access token ${reason}`);
  error.cause = cause;
  return error;
}
