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
import type { ApiConfig } from '../config.ts';
import type { Services } from '../services.ts';

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
 * @throws Error when a signature, a subject or the form of claims is wrong; UNAVAILABLE
 */
export async function identityOfTokens(
  { config, provider }: Services,
  client: Configuration,
  tokens: ProviderTokens,
  expectedSubject?: string,
): Promise<ProviderIdentity> {
  const claims = tokens.claims();
  if (tokens.id_token !== undefined)
    await provider.keys.verify(tokens.id_token, 'provider', { clockTolerance: clockSkew });
  const subject = claims?.sub ?? expectedSubject;
  if (subject === undefined) throw new DomainError('UNAUTHORIZED', 'the identity provider sent no identity');
  if (expectedSubject !== undefined && subject !== expectedSubject)
    throw new DomainError('UNAUTHORIZED', 'the identity provider speaks of somebody else now');
  const info = await furtherClaims(client, tokens.access_token, subject);
  return {
    identity: identityOf(config, { iss: client.serverMetadata().issuer, ...info, ...claims }),
    signedInAt: claims && signedInAtOf(claims),
    providerSession: typeof claims?.['sid'] === 'string' ? claims['sid'] : undefined,
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

const identityClaims = z.object({
  iss: z.string(),
  sub: z.string().min(1),
  preferred_username: z.string().optional(),
  email: z.string().optional(),
  email_verified: z.boolean().optional(),
  groups: z.array(z.string()).optional(),
  client_id: z.string().optional(),
  azp: z.string().optional(),
  sid: z.string().optional(),
});

/** When the person showed the password, as verified claims say it; undefined where they do not. */
export function signedInAtOf(claims: Readonly<Record<string, unknown>>): Date | undefined {
  return dateOf(claims['auth_time']);
}

/** A time as JWTs carry it: seconds since 1970 (RFC 7519 §2, NumericDate). */
export function dateOf(value: unknown): Date | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? new Date(value * 1000) : undefined;
}

const serviceAccountPrefix = 'service-account-';

/** What verified claims say of a person. An absent `groups` means "in no group": so Keycloak writes it. */
export function identityOf({ adminGroup }: ApiConfig, claims: Record<string, unknown>): VerifiedIdentity {
  const { iss, sub, preferred_username, email, email_verified, groups, client_id, azp, sid } =
    identityClaims.parse(claims);
  const name = preferred_username ?? sub;
  // Keycloak's user behind a client that signs itself in. A realm may leave out the client's id; a person's token has a session.
  const client = client_id ?? (sid === undefined ? azp : undefined);
  const isProgram = client !== undefined && name === `${serviceAccountPrefix}${client.toLowerCase()}`;
  return {
    issuer: iss,
    subject: sub,
    preferredName: isProgram ? name.slice(serviceAccountPrefix.length) : name,
    isProgram,
    ...(email !== undefined && email_verified === true && { email }),
    isAdministrator: groups?.includes(adminGroup) ?? false,
    groups: groups ?? [],
  };
}
