import { Session } from '@escale/schema/entities';
import { as, type Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { endSessions } from './end-sessions.ts';
import { requireUser } from './require-user.ts';
import { identityProvider } from './identity-provider.ts';

/** Where the caller is signed in, the latest used first. */
export async function listSessions(ctx: Context): Promise<Session[]> {
  return ctx.em.find(
    Session,
    { user: requireUser(ctx).id, expiresAt: { $gt: ctx.now } },
    { orderBy: { lastSeenAt: 'desc' }, limit: 100 },
  );
}

/** Signs the caller out somewhere, at once. Another person's session is answered like one that does not exist. @throws NOT_FOUND */
export async function revokeSession(ctx: Context, { id }: { id: string }): Promise<{ id: string }> {
  const { userAgent } = await requireOwnSession(ctx, id, 'id');
  await inTransaction(ctx, async (inner) => {
    recordRevoked(inner, requireUser(inner).name, userAgent);
    await endSessions(inner, { id });
  });
  return { id };
}

/** Signs the caller out at once everywhere but in one session. @returns how many that ended @throws NOT_FOUND */
export async function revokeOtherSessions(ctx: Context, { keep }: { keep: string }): Promise<{ revoked: number }> {
  const owner = requireUser(ctx);
  await requireOwnSession(ctx, keep, 'keep');
  return inTransaction(ctx, async (inner) => {
    const others = await inner.em.find(Session, { user: owner.id, id: { $ne: keep } });
    for (const { userAgent } of others) recordRevoked(inner, owner.name, userAgent);
    for (const { id } of others) await endSessions(inner, { id });
    return { revoked: others.length };
  });
}

/** Ends a session of which the identity provider says that it is over. */
export async function endSessionForProvider(ctx: Context, session: Session): Promise<void> {
  await inTransaction(ctx, async (inner) => {
    const ended = await inner.em.nativeDelete(Session, { id: session.id });
    if (ended === 0 || session.expiresAt <= inner.now) return;
    recordUsage(as(inner, identityProvider), 'user.signed_out', { namespace: session.user.username });
  });
}

async function requireOwnSession(ctx: Context, id: string, field: string): Promise<Session> {
  const user = requireUser(ctx).id;
  const session = /^[0-9a-f]{64}$/.test(id) ? await ctx.em.findOne(Session, { id, user }) : null;
  if (!session) throw notFound('this session', field);
  return session;
}

function recordRevoked(ctx: Context, namespace: string, userAgent: string | null | undefined): void {
  recordUsage(ctx, 'session.revoked', { namespace, details: { userAgent: userAgent ?? null } });
}
