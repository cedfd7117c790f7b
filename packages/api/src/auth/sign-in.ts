import type { Context as KoaContext } from 'koa';
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { z } from 'zod';
import { anonymous } from '@escale/domain/access';
import type { Context } from '@escale/domain/context';
import { DomainError } from '@escale/domain/errors';
import { signInUser } from '@escale/domain/users';
import type { ApiConfig } from '../config.ts';
import { clientFacts } from '../client-facts.ts';
import type { Services } from '../services.ts';
import { clockSkew, identityOfTokens } from './provider-identity.ts';
import { isUnavailable } from './provider-unavailable.ts';
import { safeReturnTo } from './return-to.ts';
import { overTls, readSealedCookie, setSealedCookie } from './sealed-cookie.ts';
import { beginSession, findSession } from './session-cookie.ts';

/** How long somebody may take for the provider's form. */
const pendingSeconds = 15 * 60;

/** Seconds ago that the person may have shown the password to the provider, where a fresh sign-in is asked for. */
const freshSeconds = 300;

const pendingSignIn = z.object({
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
  fresh: z.boolean().default(false),
});

/** One cookie for each sign-in under way, so that several tabs do not disturb each other. */
const pendingCookie = (state: string): string => `escale_sign_in_${state.replace(/[^\w-]/g, '').slice(0, 43)}`;

/**
 * `GET /auth/login?returnTo=&fresh=1`: to the identity provider, with PKCE, state and nonce (S9). `fresh` has the provider ask
 * for the password again, and say when it did (OpenID Connect Core §3.1.2.1, `prompt` and `max_age`).
 */
export async function beginSignIn(services: Services, http: KoaContext): Promise<void> {
  try {
    const provider = await services.provider.present();
    const state = randomState();
    const nonce = randomNonce();
    const verifier = randomPKCECodeVerifier();
    const asked = new URLSearchParams(http.querystring);
    const returnTo = safeReturnTo(asked.get('returnTo'));
    const fresh = asked.get('fresh') === '1';
    setSealedCookie(http, services.vault, {
      name: pendingCookie(state),
      value: { nonce, verifier, returnTo, fresh },
      path: '/auth/callback',
      seconds: pendingSeconds,
      secure: overTls(services.config.externalUrl),
    });
    const address = buildAuthorizationUrl(provider, {
      redirect_uri: redirectUri(services.config),
      scope: 'openid profile email',
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(fresh && { prompt: 'login', max_age: String(freshSeconds) }),
    });
    http.set('Cache-Control', 'no-store');
    http.redirect(address.href);
  } catch (error) {
    toSignInPage(services, http, error, 'provider-unavailable');
  }
}

/** `GET /auth/callback`: the provider's answer becomes a user and a session. */
export async function completeSignIn(services: Services, http: KoaContext): Promise<void> {
  const query = new URLSearchParams(http.querystring);
  const state = query.get('state') ?? '';
  const pending = pendingSignIn.safeParse(readSealedCookie(http, services.vault, pendingCookie(state)));
  if (!pending.success) {
    // The page was loaded again after it had done its work.
    if (await isSignedIn(services, http)) toPage(http, '/');
    else toSignInPage(services, http, undefined, 'expired');
    return;
  }
  http.cookies.set(pendingCookie(state), '', { path: '/auth/callback', maxAge: 0, httpOnly: true, sameSite: 'lax' });
  const { nonce, verifier, returnTo, fresh } = pending.data;
  try {
    const provider = await services.provider.configuration();
    const callback = new URL(`${redirectUri(services.config)}?${query.toString()}`);
    const tokens = await authorizationCodeGrant(provider, callback, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    });
    const { identity, signedInAt, providerSession } = await identityOfTokens(services, provider, tokens);
    const now = new Date();
    if (fresh) requireFresh(signedInAt, now);
    const em = services.orm.em.fork();
    const ctx: Context = { em, principal: anonymous, now, vault: services.vault, client: clientFacts(services, http) };
    const user = await signInUser(ctx, identity);
    await beginSession(services, http, em, { user, now, signedInAt, providerSession, tokens });
    await em.flush();
    const welcome = `/welcome${returnTo === '/' ? '' : `?returnTo=${encodeURIComponent(returnTo)}`}`;
    toPage(http, user.usernameConfirmed ? returnTo : welcome);
  } catch (error) {
    // A code works once: a second load of the page fails after the first has signed the person in.
    if (!fresh && !query.has('error') && !isUnavailable(error) && (await isSignedIn(services, http))) {
      services.logger.info({ err: error }, 'a sign-in was completed twice');
      toPage(http, returnTo);
      return;
    }
    toSignInPage(services, http, error, reasonOf(error, query));
  }
}

/** Which text of the sign-in page says what went wrong. */
function reasonOf(error: unknown, query: URLSearchParams): string {
  if (error instanceof DomainError && error.code === 'UNAUTHORIZED') return 'disabled';
  if (error instanceof NoSignInTime) return 'no-sign-in-time';
  return query.has('error') ? 'refused' : 'failed';
}

/** The provider was asked for a fresh sign-in, and does not say when the person signed in. */
class NoSignInTime extends Error {
  override readonly name = 'NoSignInTime';
}

/**
 * An answer alone shows nothing: a provider that remembers the person answers at once. OpenID Connect Core §3.1.2.1 has it say
 * `auth_time` wherever `max_age` was asked for.
 * @throws Error when the provider remembered the person instead of asking for the password; NoSignInTime
 */
function requireFresh(signedInAt: Date | undefined, now: Date): void {
  if (!signedInAt) throw new NoSignInTime('the ID token has no usable auth_time, although max_age was asked for');
  if (signedInAt.getTime() + (freshSeconds + clockSkew) * 1000 < now.getTime())
    throw new Error('the identity provider did not ask for the password again');
}

async function isSignedIn(services: Services, http: KoaContext): Promise<boolean> {
  return (await findSession(services, http, services.orm.em.fork(), new Date(), { touch: false })) !== undefined;
}

function toPage(http: KoaContext, path: string): void {
  http.set('Cache-Control', 'no-store');
  http.redirect(path);
}

function redirectUri({ externalUrl }: ApiConfig): string {
  return `${externalUrl}/auth/callback`;
}

/** Back to our own page, which says in words what happened; details are for the log. */
function toSignInPage({ failedSignIns, config }: Services, http: KoaContext, error: unknown, reason: string): void {
  if (error !== undefined) failedSignIns.note(error, { issuer: config.oidc.issuer });
  http.set('Cache-Control', 'no-store');
  http.redirect(`/sign-in?error=${isUnavailable(error) ? 'provider-unavailable' : reason}`);
}
