import { createHash, randomBytes } from 'node:crypto';
import type { Context as KoaContext } from 'koa';
import { ProviderGrant, Session, type User } from '@escale/schema/entities';
import type { EntityManager } from '@escale/schema/orm';
import { clientFacts } from '../client-facts.ts';
import type { Services } from '../services.ts';
import type { ProviderTokens } from './provider-identity.ts';
import { overTls } from './sealed-cookie.ts';
import { sealTokens } from './session-tokens.ts';

/**
 * A session ends after 2 h without a request, and after 12 h in any case (S8). Where the identity provider's own session still
 * lives, signing in again is one redirect.
 */
export const idleMilliseconds = 2 * 60 * 60 * 1000;
const absoluteMilliseconds = 12 * 60 * 60 * 1000;
/** Its last request is kept to the minute. */
const touchMilliseconds = 60_000;

/** `__Host-` binds a cookie to this host and to TLS; browsers refuse the prefix without TLS. */
function cookieName({ config }: Services): string {
  return overTls(config.externalUrl) ? '__Host-escale_session' : 'escale_session';
}

interface NewSession {
  readonly user: User;
  readonly now: Date;
  /** When the person showed the password; absent where the provider does not say. */
  readonly signedInAt: Date | undefined;
  readonly providerSession: string | undefined;
  readonly tokens: ProviderTokens;
}

/**
 * Begins a session with a value of its own, whatever cookie came along: none is ever taken over (S8). The one that this
 * browser had ends, and so do the person's that are over.
 */
export async function beginSession(
  services: Services,
  http: KoaContext,
  em: EntityManager,
  { user, now, signedInAt, providerSession, tokens }: NewSession,
): Promise<void> {
  const before = http.cookies.get(cookieName(services));
  if (before !== undefined) await em.nativeDelete(Session, { id: sessionId(before) });
  await em.nativeDelete(Session, { user: user.id, expiresAt: { $lte: now } });
  // The new session's refresh token is enough to ask the provider about the person.
  if (tokens.refresh_token !== undefined) await em.nativeDelete(ProviderGrant, { user: user.id });
  const client = clientFacts(services, http);
  const value = randomBytes(32).toString('base64url');
  const id = sessionId(value);
  em.create(Session, {
    id,
    user,
    providerSession: providerSession ?? null,
    ...sealTokens(services, id, tokens, now),
    clientAddress: client.address ?? null,
    userAgent: client.userAgent?.slice(0, 256) ?? null,
    signedInAt: signedInAt && (signedInAt < now ? signedInAt : now),
    lastSeenAt: now,
    expiresAt: new Date(now.getTime() + absoluteMilliseconds),
  });
  setCookie(services, http, value, absoluteMilliseconds);
}

/** The session of a request's cookie, while it is good. @param options.touch false: this is no sign of life of the person */
export async function findSession(
  services: Services,
  http: KoaContext,
  em: EntityManager,
  now: Date,
  { touch = true }: { touch?: boolean } = {},
): Promise<Session | undefined> {
  const value = http.cookies.get(cookieName(services));
  if (value === undefined || value.length > 64) return undefined;
  const session = await em.findOne(Session, { id: sessionId(value) });
  if (!session || session.expiresAt <= now) return undefined;
  if (session.lastSeenAt.getTime() + idleMilliseconds <= now.getTime()) return undefined;
  if (touch && session.lastSeenAt.getTime() + touchMilliseconds <= now.getTime()) {
    await em.nativeUpdate(Session, { id: session.id }, { lastSeenAt: now });
  }
  return session;
}

/** Whether a session is the one of this request's cookie. */
export function isCurrentSession(services: Services, http: KoaContext, id: string): boolean {
  const value = http.cookies.get(cookieName(services));
  return value !== undefined && sessionId(value) === id;
}

export function clearSessionCookie(services: Services, http: KoaContext): void {
  setCookie(services, http, '', 0);
}

function setCookie(services: Services, http: KoaContext, value: string, maxAge: number): void {
  http.cookies.set(cookieName(services), value, {
    httpOnly: true,
    sameSite: 'lax',
    path: '/',
    secure: overTls(services.config.externalUrl),
    maxAge,
    overwrite: true,
  });
}

function sessionId(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}
