import type { ProviderGrant, Session } from '@escale/schema/entities';
import type { Services } from '../services.ts';
import { originalIdToken } from './odd-times.ts';
import type { ProviderTokens } from './provider-identity.ts';

/** Seconds between two uses of a refresh token that ends soon. */
const shortestPause = 5;

/** What a session keeps of the provider's tokens, sealed and bound to its row. None of them ever reaches the browser (S8). */
export function sealTokens(
  { vault, config }: Services,
  id: string,
  tokens: ProviderTokens,
  now: Date,
): Partial<Pick<Session, 'idToken' | 'refreshToken' | 'refreshAt' | 'refreshUntil'>> {
  const { refresh_token, refresh_expires_in: seconds } = tokens;
  const id_token = originalIdToken(tokens);
  // Keycloak says so beside the standard's parameters; 0 for a token that does not end by itself.
  const lasts = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0;
  return {
    ...(id_token !== undefined && { idToken: vault.seal(id_token, purposeOf(id, 'idToken')) }),
    ...(refresh_token !== undefined && { refreshToken: vault.seal(refresh_token, purposeOf(id, 'refreshToken')) }),
    refreshAt: new Date(
      now.getTime() + Math.min(config.oidc.refreshSeconds, lasts ? timely(seconds) : Infinity) * 1000,
    ),
    refreshUntil: lasts ? new Date(now.getTime() + seconds * 1000) : null,
  };
}

/** Seconds after which a refresh token is used that lasts so many: before it ends, or nothing could be learnt by it. */
function timely(seconds: number): number {
  return Math.max(seconds / 2, Math.min(seconds, shortestPause));
}

/** For signing out at the identity provider; absent when it was sealed with another secret key. */
export function idTokenOf(services: Services, session: Session): string | undefined {
  return open(services, session, 'idToken');
}

/** For asking the provider again about the person; absent as above, and where the provider gave none. */
export function refreshTokenOf(services: Services, session: Session | ProviderGrant): string | undefined {
  return open(services, session, 'refreshToken');
}

function open(
  { vault, logger }: Services,
  session: { id: string; idToken?: Uint8Array | null | undefined; refreshToken?: Uint8Array | null | undefined },
  which: 'idToken' | 'refreshToken',
): string | undefined {
  const sealed = session[which];
  if (!sealed) return undefined;
  try {
    return vault.open(sealed, purposeOf(session.id, which));
  } catch (error) {
    logger.warn({ err: error, which }, 'a token of a session cannot be opened');
    return undefined;
  }
}

function purposeOf(id: string, which: 'idToken' | 'refreshToken'): string {
  return `sessions:${id}:${which === 'idToken' ? 'id_token' : 'refresh_token'}`;
}
