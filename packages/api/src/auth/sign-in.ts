import type { Context as KoaContext } from 'koa';
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  WWWAuthenticateChallengeError,
  type Configuration,
} from 'openid-client';
import { z } from 'zod';
import { anonymous } from '@escale/domain/access';
import type { Context } from '@escale/domain/context';
import { DomainError } from '@escale/domain/errors';
import { signInUser, type VerifiedIdentity } from '@escale/domain/users';
import type { ApiConfig } from '../config.ts';
import { clientFacts } from '../client-facts.ts';
import type { Services } from '../services.ts';
import { isUnavailable } from './openid-provider.ts';
import { safeReturnTo } from './return-to.ts';
import { overTls, readSealedCookie, setSealedCookie } from './sealed-cookie.ts';
import { beginSession } from './session-cookie.ts';

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
 * for the password again unless it has just done so (OpenID Connect Core §3.1.2.1, `max_age`).
 */
export async function beginSignIn(services: Services, http: KoaContext): Promise<void> {
  try {
    const provider = await services.provider.configuration();
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
      ...(fresh && { max_age: String(freshSeconds) }),
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
    toSignInPage(services, http, undefined, 'expired');
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
      ...(fresh && { maxAge: freshSeconds }),
    });
    const claims = tokens.claims();
    if (!claims) throw new DomainError('UNAUTHORIZED', 'the identity provider sent no identity');
    const info = await furtherClaims(provider, tokens.access_token, claims.sub);
    const now = new Date();
    const em = services.orm.em.fork();
    const ctx: Context = { em, principal: anonymous, now, vault: services.vault, client: clientFacts(services, http) };
    const user = await signInUser(ctx, identityOf(services.config, { ...info, ...claims }));
    const providerSession = typeof claims['sid'] === 'string' ? claims['sid'] : undefined;
    await beginSession(services, http, em, {
      user,
      now,
      signedInAt: signedInAtOf(claims),
      ...(providerSession !== undefined && { providerSession }),
      ...(tokens.id_token !== undefined && { idToken: tokens.id_token }),
    });
    await em.flush();
    const welcome = `/welcome${returnTo === '/' ? '' : `?returnTo=${encodeURIComponent(returnTo)}`}`;
    http.set('Cache-Control', 'no-store');
    http.redirect(user.usernameConfirmed ? returnTo : welcome);
  } catch (error) {
    const disabled = error instanceof DomainError && error.code === 'UNAUTHORIZED';
    toSignInPage(services, http, error, disabled ? 'disabled' : query.has('error') ? 'refused' : 'failed');
  }
}

const identityClaims = z.object({
  iss: z.string(),
  sub: z.string().min(1),
  preferred_username: z.string().optional(),
  email: z.string().optional(),
  email_verified: z.boolean().optional(),
  groups: z.array(z.string()).optional(),
});

/** When the person showed the password, as verified claims say it; undefined where they do not. */
export function signedInAtOf(claims: Readonly<Record<string, unknown>>): Date | undefined {
  return dateOf(claims['auth_time']);
}

/** A time as JWTs carry it: seconds since 1970 (RFC 7519 §2, NumericDate). */
export function dateOf(value: unknown): Date | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? new Date(value * 1000) : undefined;
}

/** What verified claims say of a person. An absent `groups` means "in no group": so Keycloak writes it. */
export function identityOf({ adminGroup }: ApiConfig, claims: Record<string, unknown>): VerifiedIdentity {
  const { iss, sub, preferred_username, email, email_verified, groups } = identityClaims.parse(claims);
  return {
    issuer: iss,
    subject: sub,
    preferredName: preferred_username ?? sub,
    ...(email !== undefined && email_verified === true && { email }),
    isAdministrator: groups?.includes(adminGroup) ?? false,
    groups: groups ?? [],
  };
}

function redirectUri({ externalUrl }: ApiConfig): string {
  return `${externalUrl}/auth/callback`;
}

/** Back to our own page, which says in words what happened; details are for the log. */
function toSignInPage({ logger, config }: Services, http: KoaContext, error: unknown, reason: string): void {
  if (error !== undefined) logger.warn({ err: error, issuer: config.oidc.issuer }, 'a sign-in did not succeed');
  http.set('Cache-Control', 'no-store');
  http.redirect(`/sign-in?error=${isUnavailable(error) ? 'provider-unavailable' : reason}`);
}

/**
 * What the provider says of a person beside the ID token. A failure is not to be done without: groups that are told here alone
 * would look like groups that were left. A provider whose access tokens are for the API alone refuses them here, always: then
 * the ID token says everything.
 */
async function furtherClaims(provider: Configuration, accessToken: string, subject: string): Promise<object> {
  if (provider.serverMetadata().userinfo_endpoint === undefined) return {};
  try {
    return await fetchUserInfo(provider, accessToken, subject);
  } catch (error) {
    if (error instanceof WWWAuthenticateChallengeError && (error.status === 401 || error.status === 403)) return {};
    throw error;
  }
}
