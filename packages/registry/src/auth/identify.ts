import { anonymous, type Principal } from '@escale/domain/access';
import { authenticateBasic, resumePrincipal, type Authentication } from '@escale/domain/credentials';
import { unauthorized } from '@escale/domain/errors';
import type { Services } from '../services.ts';
import { readBasic } from '../token/basic-credentials.ts';
import { verifyToken } from '../token/registry-token.ts';

/** How a caller proved who it is; `nothing` and an anonymous token are both the anonymous principal. */
export interface Identity {
  readonly principal: Principal;
  readonly by: 'nothing' | 'basic' | 'token';
}

/**
 * Reads the Authorization header. A credential that does not hold is refused, never ignored: no falling back to anonymous.
 * @throws UNAUTHORIZED
 */
export async function identify(
  services: Services,
  auth: Authentication,
  header: string | undefined,
): Promise<Identity> {
  if (header === undefined || header === '') return { principal: anonymous, by: 'nothing' };
  const scheme = header.slice(0, Math.max(header.indexOf(' '), 0)).toLowerCase();
  if (scheme === 'basic') {
    const { username, password } = readBasic(header);
    return { principal: await identifyBasic(services, auth, username, password), by: 'basic' };
  }
  if (scheme !== 'bearer') throw unauthorized('the Authorization header must be Bearer or Basic');
  const { credential, limit } = await verifyToken(services, header.slice('bearer '.length).trim(), auth.now);
  const principal = await resumePrincipal(auth, credential);
  return { principal: { ...principal, limit } as Principal, by: 'token' };
}

/** User name and password, as both the token service and `/v2/` itself take them. @throws UNAUTHORIZED */
export async function identifyBasic(
  services: Services,
  auth: Authentication,
  username: string,
  password: string,
): Promise<Exclude<Principal, { kind: 'anonymous' | 'system' }>> {
  if (username === '$oauthtoken') {
    if (!services.identifyAccessToken)
      throw unauthorized('this registry takes no access tokens of an identity provider');
    return services.identifyAccessToken(password);
  }
  return authenticateBasic(auth, username, password);
}
