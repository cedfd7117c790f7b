import type { Context as KoaContext } from 'koa';
import { buildEndSessionUrl } from 'openid-client';
import { z } from 'zod';
import { ProviderGrant, Session, User } from '@escale/schema/entities';
import { as } from '@escale/domain/context';
import { inTransaction } from '@escale/domain/in-transaction';
import { userPrincipal } from '@escale/domain/credentials';
import { recordUsage } from '@escale/domain/usage-logs';
import { endSessions } from '@escale/domain/users';
import { anonymous } from '@escale/domain/access';
import { clientFacts } from '../client-facts.ts';
import type { Services } from '../services.ts';
import { clockSkew } from './provider-identity.ts';
import { isUnavailable, providerUnavailable } from './provider-unavailable.ts';
import { requireSameOrigin } from './same-origin.ts';
import { clearSessionCookie, findSession } from './session-cookie.ts';
import { idTokenOf } from './session-tokens.ts';

/** `POST /auth/logout`: ends the session here and says where it ends at the identity provider: `{ redirectTo }`. */
export async function signOut(services: Services, http: KoaContext): Promise<void> {
  requireSameOrigin(http, services.config);
  const em = services.orm.em.fork();
  const now = new Date();
  const session = await findSession(services, http, em, now);
  clearSessionCookie(services, http);
  http.set('Cache-Control', 'no-store');
  const home = `${services.config.externalUrl}/sign-in?reason=signed-out`;
  http.body = { redirectTo: home };
  if (!session) return;
  const idToken = idTokenOf(services, session);
  const ctx = { em, principal: anonymous, now, vault: services.vault, client: clientFacts(services, http) };
  const { user } = session;
  const there = await endOfSessionAt(services, home, idToken);
  await inTransaction(ctx, async (inner) => {
    const own = as(inner, userPrincipal(user, { kind: 'session' }));
    recordUsage(own, 'user.signed_out', { namespace: user.username });
    await endSessions(own, { id: session.id }, { signedOut: there !== undefined });
  });
  if (there !== undefined) http.body = { redirectTo: there };
}

/** @returns where the browser ends the provider's session; undefined where that is not possible: then it goes on */
async function endOfSessionAt(
  services: Services,
  home: string,
  idToken: string | undefined,
): Promise<string | undefined> {
  try {
    const provider = await services.provider.configuration();
    if (provider.serverMetadata().end_session_endpoint === undefined) return undefined;
    return buildEndSessionUrl(provider, {
      post_logout_redirect_uri: home,
      ...(idToken !== undefined && { id_token_hint: idToken }),
    }).href;
  } catch (error) {
    // Signed out here in any case; the provider's own session ends when it ends.
    services.logger.warn({ err: error }, 'signing out at the identity provider was not possible');
    return undefined;
  }
}

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';
const logoutClaims = z.object({
  sub: z.string().optional(),
  sid: z.string().optional(),
  nonce: z.never().optional(),
  events: z.object({ [logoutEvent]: z.looseObject({}) }),
});

/** `POST /auth/backchannel-logout`: the identity provider ends a person's sessions (OpenID Connect Back-Channel Logout). */
export async function backchannelSignOut(services: Services, http: KoaContext): Promise<void> {
  http.set('Cache-Control', 'no-store');
  const form = (http.request as { body?: unknown }).body;
  const token = z.object({ logout_token: z.string().max(16_384) }).safeParse(form);
  if (!token.success) {
    http.status = 400;
    return;
  }
  const { issuer } = (await services.provider.configuration()).serverMetadata();
  try {
    const { payload } = await services.provider.keys.verify(token.data.logout_token, 'anyone', {
      issuer,
      audience: services.config.oidc.clientId,
      maxTokenAge: 300,
      clockTolerance: clockSkew,
      requiredClaims: ['iat', 'jti'],
    });
    const { sub, sid } = logoutClaims.parse(payload);
    if (sub === undefined && sid === undefined) throw new Error('the logout token names nobody');
    const em = services.orm.em.fork();
    const user = sub === undefined ? null : await em.findOne(User, { issuer, subject: sub });
    const which = sid !== undefined ? { providerSession: sid } : user && { user: user.id };
    if (which) {
      // The provider's session is over, so nothing more is learnt by its refresh token. It does not say that the person is refused.
      await em.nativeDelete(Session, which);
      await em.nativeDelete(ProviderGrant, which);
    }
    http.status = 200;
    http.body = '';
  } catch (error) {
    // The provider may send it again when it was only its keys that could not be had.
    if (isUnavailable(error)) throw providerUnavailable(error);
    services.refusedLogouts.note(error);
    http.status = 400;
  }
}
