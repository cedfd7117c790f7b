import type { Context as KoaContext } from 'koa';
import type { User } from '@escale/schema/entities';
import { anonymous, type Credential, type Principal, type UserPrincipal } from '@escale/domain/access';
import type { Context } from '@escale/domain/context';
import { authenticateBearer, claimedTokenType, userPrincipal } from '@escale/domain/credentials';
import { unauthorized } from '@escale/domain/errors';
import { findOrCreateUser, resumeUser, type VerifiedIdentity } from '@escale/domain/users';
import type { Services } from '../services.ts';
import { dateOf, identityOf, signedInAtOf } from './provider-identity.ts';
import { requireSameOrigin } from './same-origin.ts';
import { findSession } from './session-cookie.ts';

/** Who calls, and whether the person has still to confirm the user name that the first sign-in derived. */
export interface Identity {
  readonly principal: Principal;
  readonly unconfirmed: boolean;
}

/** What taking an access token needs. */
type TokenServices = Pick<Services, 'config' | 'bearers'> & Partial<Pick<Services, 'logger'>>;

/**
 * By bearer (an API token, a robot's token, or an access token of the identity provider), else by session cookie, else nobody.
 * @param options.touch false: asked again for a request that goes on, which is no sign of life of a session
 * @throws UNAUTHORIZED for a bearer that does not hold, DENIED for a cookie from another site
 */
export async function identify(
  services: Services,
  http: KoaContext,
  nobody: Context,
  options: { touch?: boolean } = {},
): Promise<Identity> {
  const header = http.get('Authorization');
  if (header !== '') {
    if (!/^bearer /i.test(header)) throw unauthorized('the management API takes bearer tokens');
    const token = header.slice('bearer '.length).trim();
    if (claimedTokenType(token)) return { principal: await authenticateBearer(nobody, token), unconfirmed: false };
    const { user, ...facts } = await holderOfAccessToken(services, nobody, token);
    return identityOfUser(user, { kind: 'keycloak-token', ...facts });
  }
  const session = await findSession(services, http, nobody.em, nobody.now, options);
  if (!session) return { principal: anonymous, unconfirmed: false };
  requireSameOrigin(http, services.config);
  return identityOfUser(session.user, {
    kind: 'session',
    ...(session.signedInAt && { signedInAt: session.signedInAt }),
  });
}

/** The user of an access token of the identity provider, for the registry. @throws UNAUTHORIZED, UNAVAILABLE */
export async function identifyAccessToken(
  services: TokenServices,
  nobody: Context,
  token: string,
): Promise<UserPrincipal> {
  const { user } = await holderOfAccessToken(services, nobody, token);
  // A name that may still change must not become the first part of repository names.
  if (!user.usernameConfirmed)
    throw unauthorized(`confirm your user name first: sign in once at ${services.config.externalUrl}`);
  return userPrincipal(user, { kind: 'keycloak-token' });
}

async function holderOfAccessToken(
  services: TokenServices,
  nobody: Context,
  token: string,
): Promise<{ user: User } & Pick<Credential, 'signedInAt' | 'isProgram'>> {
  const claims = await services.bearers.verify(token);
  const identity = identityOfClaims(services, claims);
  const user = await findOrCreateUser(nobody, identity);
  await resumeProgram(nobody, user, identity, dateOf(claims['iat']));
  // When the token was made says nothing of when the person signed in.
  const signedInAt = signedInAtOf(claims);
  return { user, isProgram: identity.isProgram ?? false, ...(signedInAt && { signedInAt }) };
}

/** A program cannot sign in here. A token that the provider gave it after the suspension shows that it may work again. */
async function resumeProgram(
  nobody: Context,
  user: User,
  { isProgram = false }: VerifiedIdentity,
  issuedAt: Date | undefined,
): Promise<void> {
  if (!isProgram || !user.suspendedAt || user.disabledAt || !issuedAt || issuedAt <= user.suspendedAt) return;
  resumeUser(nobody, user);
  await nobody.em.flush();
}

function identityOfClaims(services: TokenServices, claims: Record<string, unknown>): VerifiedIdentity {
  try {
    return identityOf(services, claims);
  } catch (cause) {
    const error = unauthorized('the access token does not say whose it is');
    error.cause = cause;
    throw error;
  }
}

function identityOfUser(user: User, credential: Credential): Identity {
  return { principal: userPrincipal(user, credential), unconfirmed: !user.usernameConfirmed };
}
