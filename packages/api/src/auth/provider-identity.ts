import {
  fetchUserInfo,
  WWWAuthenticateChallengeError,
  type Configuration,
  type TokenEndpointResponse,
  type TokenEndpointResponseHelpers,
} from 'openid-client';
import { z } from 'zod';
import { DomainError } from '@escale/domain/errors';
import type { VerifiedIdentity } from '@escale/domain/users';
import type { Logger } from '@escale/server-kit/logger';
import type { ApiConfig } from '../config.ts';
import type { Services } from '../services.ts';
import { originalIdToken } from './odd-times.ts';
import { noteIgnored, readClaims } from './read-claims.ts';

/** Seconds by which the provider's clock and ours may differ. */
export const clockSkew = 30;

/** What the provider answered to a code or a refresh token. */
export type ProviderTokens = TokenEndpointResponse & TokenEndpointResponseHelpers;

/** A person, as the provider's tokens say, with what a session keeps of them. */
export interface ProviderIdentity {
  readonly identity: VerifiedIdentity;
  readonly signedInAt: Date | undefined;
  /** The provider's session, where it names one. */
  readonly providerSession: string | undefined;
}

/**
 * Who the tokens of the token endpoint are about. openid-client has checked the ID token's claims; its signature is checked here
 * too, although it came straight from the provider: its address may be plain http.
 * @throws Error when a signature or a subject is wrong; UNAVAILABLE
 */
export async function identityOfTokens(
  services: Pick<Services, 'config' | 'provider' | 'logger'>,
  client: Configuration,
  tokens: ProviderTokens,
  expectedSubject?: string,
): Promise<ProviderIdentity> {
  const idToken = originalIdToken(tokens);
  const claims =
    idToken === undefined
      ? undefined
      : (await services.provider.keys.verify(idToken, 'provider', { clockTolerance: clockSkew })).payload;
  const subject = claims?.sub ?? expectedSubject;
  if (subject === undefined) throw new DomainError('UNAUTHORIZED', 'the identity provider sent no identity');
  if (expectedSubject !== undefined && subject !== expectedSubject)
    throw new DomainError('UNAUTHORIZED', 'the identity provider speaks of somebody else now');
  const info = await furtherClaims(client, tokens.access_token, subject);
  return {
    identity: identityOf(services, { iss: client.serverMetadata().issuer, sub: subject, ...claims }, { ...info }),
    signedInAt: claims && signedInAtOf(claims),
    providerSession: claims && readClaims(claims, new Set()).sid,
  };
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

/** The claims that identify a person, read strictly. OpenID Connect Core §2 limits `sub` to 255 characters; some providers send more. */
const identityClaims = z.object({
  iss: z.string(),
  sub: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^\P{Cc}+$/u),
});

/**
 * When the person showed the password, as verified claims say it. Undefined where they do not, or where the time is none that can
 * have been: milliseconds instead of seconds would be fresh for thousands of years.
 */
export function signedInAtOf(claims: Readonly<Record<string, unknown>>): Date | undefined {
  const at = dateOf(claims['auth_time'])?.getTime() ?? 0;
  return at > 0 && at <= Date.now() + clockSkew * 1000 ? new Date(at) : undefined;
}

/** A time as JWTs carry it: seconds since 1970 (RFC 7519 §2, NumericDate). */
export function dateOf(value: unknown): Date | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? new Date(value * 1000) : undefined;
}

const serviceAccountPrefix = 'service-account-';

/**
 * Reads a person's identity from verified claims. Keycloak leaves out `groups` for a person in no group.
 * @param further says what `claims` leave out
 * @throws ZodError for claims that do not say who it is
 */
export function identityOf(
  { config, logger }: { readonly config: ApiConfig; readonly logger?: Pick<Logger, 'warn'> },
  claims: Readonly<Record<string, unknown>>,
  further: Readonly<Record<string, unknown>> = {},
): VerifiedIdentity {
  const { iss, sub } = identityClaims.parse(claims);
  const ignored = new Set<string>();
  const {
    preferred_username: username,
    email,
    email_verified: isVerified = false,
    groups = [],
    client_id,
    azp,
  } = { ...readClaims(further, ignored), ...readClaims(claims, ignored) };
  if (logger) noteIgnored(logger, ignored);
  // Keycloak's user behind a client that signs itself in. A realm may leave out the client's id; a person's token has a session.
  const hasSession = claims['sid'] !== undefined || further['sid'] !== undefined;
  const client = client_id ?? (hasSession ? undefined : azp);
  const name = username ?? sub;
  const isProgram = client !== undefined && name === `${serviceAccountPrefix}${client.toLowerCase()}`;
  return {
    issuer: iss,
    subject: sub,
    preferredName: isProgram ? name.slice(serviceAccountPrefix.length) : name,
    ...(username !== undefined && { username }),
    isProgram,
    ...(email !== undefined && isVerified && { email }),
    isAdministrator: groups.includes(config.adminGroup),
    groups,
  };
}
