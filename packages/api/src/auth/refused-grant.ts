import { ResponseBodyError } from 'openid-client';

/**
 * What it means that the provider refuses a refresh token (`invalid_grant`, RFC 6749 §5.2). `person`: the person may not sign in.
 * `session`: the provider's session ended in an ordinary way, which says nothing of the person. `unexplained`: it may be either.
 */
export type RefusalMeaning = 'person' | 'session' | 'unexplained';

/** Keycloak's words for a person who may not sign in. */
const ofPerson: ReadonlySet<string> = new Set(['user disabled', 'account disabled', 'unknown user', 'user not found']);

/** Keycloak's words for a refresh token that has expired, or that a crash made us use twice: the person is not meant. */
const ofToken: ReadonlySet<string> = new Set([
  'token is not active',
  'stale token',
  'maximum allowed refresh token reuse exceeded',
  "session doesn't have required client",
]);

/** Keycloak's words for a session that is not there any more. It also says so when an administrator has deleted the person. */
const ofSession: ReadonlySet<string> = new Set([
  'session not active',
  'offline session not active',
  'offline user session not found',
]);

/** What is known of the refresh token that was refused. */
interface RefusedToken {
  /** When it ends by itself, where the provider says so. */
  readonly refreshUntil?: Date | null | undefined;
  /** The person signed out, which ends the provider's session too. */
  readonly signedOut?: boolean;
}

/** @returns undefined for an error that is no `invalid_grant` */
export function meaningOfRefusal(error: unknown, token: RefusedToken, now: Date): RefusalMeaning | undefined {
  if (!(error instanceof ResponseBodyError) || error.error !== 'invalid_grant') return undefined;
  const words = (error.error_description ?? '').trim().toLowerCase();
  if (ofPerson.has(words)) return 'person';
  if (token.signedOut === true || ofToken.has(words)) return 'session';
  if (token.refreshUntil) return token.refreshUntil <= now ? 'session' : 'unexplained';
  return ofSession.has(words) ? 'session' : 'unexplained';
}

/** What the provider said, for logs. */
export function wordsOfRefusal(error: unknown): string {
  if (!(error instanceof ResponseBodyError)) return 'the directory of the identity provider';
  return [error.error, error.error_description].filter(Boolean).join(': ').slice(0, 200);
}
