import { anonymous, type GrantLimit, type Principal } from '@escale/domain/access';
import {
  authenticateBasic,
  claimedTokenType,
  referenceTo,
  resumePrincipal,
  wrongCredentials,
  type Authentication,
  type CredentialReference,
} from '@escale/domain/credentials';
import { DomainError, tooManyFailures, unauthorized } from '@escale/domain/errors';
import type { Services } from '../services.ts';
import { readBasic } from '../token/basic-credentials.ts';
import { verifyToken } from '../token/registry-token.ts';

/** What the Authorization header proves by itself; whether the credential still holds is asked where it is used. */
export interface Proof {
  readonly credential: CredentialReference;
  /** Of a registry token: never more than this. */
  readonly limit?: GrantLimit;
  /** Where proving took a look at the rows already. */
  readonly principal?: Principal;
}

const nothing: Proof = { credential: { kind: 'anonymous' }, principal: anonymous };

/**
 * Reads the Authorization header. A credential that does not hold is refused, never ignored: no falling back to anonymous.
 * @throws UNAUTHORIZED
 */
export async function readProof(services: Services, auth: Authentication, header: string | undefined): Promise<Proof> {
  if (header === undefined || header === '') return nothing;
  const scheme = header.slice(0, Math.max(header.indexOf(' '), 0)).toLowerCase();
  if (scheme === 'basic') {
    const { username, password } = readBasic(header);
    const principal = await identifyBasic(services, auth, username, password);
    return { credential: referenceTo(principal), principal };
  }
  if (scheme !== 'bearer') throw unauthorized('the Authorization header must be Bearer or Basic');
  const token = header.slice('bearer '.length).trim();
  if (claimedTokenType(token)) {
    const message = 'this token is not a bearer of the registry: send it as password with its user name (docker login)';
    throw unauthorized(message, { error: 'invalid_token' });
  }
  return verifyToken(services, token, auth.now);
}

/** The principal that a proof stands for, as things are now. @throws UNAUTHORIZED */
export async function identify(auth: Authentication, { credential, limit, principal }: Proof): Promise<Principal> {
  return limited(principal ?? (await resumePrincipal(auth, credential)), limit);
}

export function limited(principal: Principal, limit: GrantLimit | undefined): Principal {
  return limit === undefined || principal.kind === 'system' ? principal : { ...principal, limit };
}

type Signed = Exclude<Principal, { kind: 'anonymous' | 'system' }>;

/**
 * User name and password, as both the token service and `/v2/` itself take them.
 * @throws UNAUTHORIZED, TOOMANYREQUESTS
 */
export async function identifyBasic(
  services: Services,
  auth: Authentication,
  username: string,
  password: string,
): Promise<Signed> {
  return refusing(services, auth, username, async () => {
    if (username !== '$oauthtoken') return authenticateBasic(auth, username, password);
    if (claimedTokenType(password)) throw wrongCredentials(username, password, undefined);
    if (!services.identifyAccessToken)
      throw unauthorized('this registry takes no access tokens of an identity provider');
    return services.identifyAccessToken(password);
  });
}

/** Looks at a credential, and counts it when it does not hold (T43). @throws UNAUTHORIZED, TOOMANYREQUESTS */
export async function refusing<Found>(
  { failedAttempts, counters }: Services,
  { client }: Pick<Authentication, 'client'>,
  account: string,
  look: () => Promise<Found>,
): Promise<Found> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'UNAUTHORIZED') throw error;
    counters?.loginFailed();
    const seconds = failedAttempts.note(account, client.address);
    throw seconds === undefined ? error : tooManyFailures(seconds, error);
  }
}
