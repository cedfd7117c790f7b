import type { Session } from '@escale/schema/entities';
import type { Services } from '../services.ts';
import type { ProviderTokens } from './provider-identity.ts';

/** What a session keeps of the provider's tokens, sealed and bound to its row. None of them ever reaches the browser (S8). */
export function sealTokens(
  { vault, config }: Services,
  id: string,
  { id_token, refresh_token }: ProviderTokens,
  now: Date,
): Partial<Pick<Session, 'idToken' | 'refreshToken' | 'refreshAt'>> {
  return {
    ...(id_token !== undefined && { idToken: vault.seal(id_token, purposeOf(id, 'idToken')) }),
    ...(refresh_token !== undefined && { refreshToken: vault.seal(refresh_token, purposeOf(id, 'refreshToken')) }),
    refreshAt: new Date(now.getTime() + config.oidc.refreshSeconds * 1000),
  };
}

/** For signing out at the identity provider; absent when it was sealed with another secret key. */
export function idTokenOf(services: Services, session: Session): string | undefined {
  return open(services, session, 'idToken');
}

/** For asking the provider again about the person; absent as above, and where the provider gave none. */
export function refreshTokenOf(services: Services, session: Session): string | undefined {
  return open(services, session, 'refreshToken');
}

function open({ vault, logger }: Services, session: Session, which: 'idToken' | 'refreshToken'): string | undefined {
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
