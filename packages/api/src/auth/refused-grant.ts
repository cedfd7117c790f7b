import { ResponseBodyError } from 'openid-client';

/**
 * Why the provider refused a refresh token (`invalid_grant`, RFC 6749 §5.2). `person`: the person may not sign in.
 * `session`: the provider's session ended in an ordinary way, which says nothing of the person. `unexplained`: it may be either.
 */
export type RefusalMeaning = 'person' | 'session' | 'unexplained';

/** Keycloak's words for a person who may not sign in. */
const ofPerson: ReadonlySet<string> = new Set(['user disabled', 'account disabled', 'unknown user', 'user not found']);

/** The demo provider's words after a restart, with which its sessions end. Nobody is ever disabled there. */
const demoSessionIsOver = 'the sessions of the demo end with its process';

/** Words for a refresh token that a crash made us use twice, or that is of no use for us: the person is not meant. */
const ofToken: ReadonlySet<string> = new Set([
  'maximum allowed refresh token reuse exceeded',
  "session doesn't have required client",
  demoSessionIsOver,
]);

/** How much earlier than announced a refresh token may be over: the provider said how long it lasts before we heard it. */
const announcedEarly = 5000;

/** Facts about the refused refresh token. */
interface RefusedToken {
  /** When it ends by itself, where the provider says so. */
  readonly refreshUntil?: Date | null | undefined;
  /** The person signed out, which ends the provider's session too. */
  readonly signedOut?: boolean;
}

/** @param now when the provider answered @returns undefined for an error that is no `invalid_grant` */
export function meaningOfRefusal(error: unknown, token: RefusedToken, now: Date): RefusalMeaning | undefined {
  if (!(error instanceof ResponseBodyError) || error.error !== 'invalid_grant') return undefined;
  const words = (error.error_description ?? '').trim().toLowerCase();
  if (ofPerson.has(words)) return 'person';
  if (token.signedOut === true || ofToken.has(words)) return 'session';
  // Words such as "Session not active" do not decide: an administrator who deletes a person or ends the sessions causes them as well.
  const isOver = token.refreshUntil && token.refreshUntil.getTime() - announcedEarly <= now.getTime();
  return isOver ? 'session' : 'unexplained';
}

/** The provider's error and description as one line for logs, at most 200 characters. */
export function wordsOfRefusal(error: unknown): string {
  if (!(error instanceof ResponseBodyError)) return 'the directory of the identity provider';
  return [error.error, error.error_description].filter(Boolean).join(': ').slice(0, 200);
}
