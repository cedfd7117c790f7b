import type { Context as KoaContext } from 'koa';
import { anonymous, type Principal, type UserPrincipal } from '@escale/domain/access';
import type { Context } from '@escale/domain/context';
import { authenticateBearer, readToken, userPrincipal } from '@escale/domain/credentials';
import { unauthorized } from '@escale/domain/errors';
import { findOrCreateUser } from '@escale/domain/users';
import type { Services } from '../services.ts';
import { requireSameOrigin } from './same-origin.ts';
import { findSession } from './session-cookie.ts';
import { identityOf } from './sign-in.ts';

/** Who calls, and whether the person has still to confirm the user name that the first sign-in derived. */
export interface Identity {
  readonly principal: Principal;
  readonly unconfirmed: boolean;
}

/**
 * By bearer (a robot's token, or an access token of the identity provider), else by session cookie, else nobody.
 * @throws UNAUTHORIZED for a bearer that does not hold, DENIED for a cookie from another site
 */
export async function identify(services: Services, http: KoaContext, nobody: Context): Promise<Identity> {
  const header = http.get('Authorization');
  if (header !== '') {
    if (!/^bearer /i.test(header)) throw unauthorized('the management API takes bearer tokens');
    const token = header.slice('bearer '.length).trim();
    if (readToken(token)) return { principal: await authenticateBearer(nobody, token), unconfirmed: false };
    return { principal: await identifyAccessToken(services, nobody, token), unconfirmed: false };
  }
  const session = await findSession(services, http, nobody.em, nobody.now);
  if (!session) return { principal: anonymous, unconfirmed: false };
  requireSameOrigin(http, services.config);
  const principal = userPrincipal(session.user, { kind: 'session' });
  return { principal, unconfirmed: !session.user.usernameConfirmed };
}

/** The user of an access token of the identity provider. @throws UNAUTHORIZED, UNAVAILABLE */
export async function identifyAccessToken(services: Services, nobody: Context, token: string): Promise<UserPrincipal> {
  const claims = await services.bearers.verify(token);
  const user = await findOrCreateUser(nobody, identityOf(services.config, claims));
  return userPrincipal(user, { kind: 'keycloak-token' });
}
