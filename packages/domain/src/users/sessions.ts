import { Session } from '@escale/schema/entities';
import { as, type Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { requireUser } from './require-user.ts';
import { identityProvider } from './sign-in-user.ts';

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
  const session = await requireOwnSession(ctx, id, 'id');
  recordRevoked(ctx, requireUser(ctx).name, session.userAgent);
  ctx.em.remove(session);
  await ctx.em.flush();
  return { id };
}

/** Signs the caller out at once everywhere but in one session. @returns how many that ended @throws NOT_FOUND */
export async function revokeOtherSessions(ctx: Context, { keep }: { keep: string }): Promise<{ revoked: number }> {
  const owner = requireUser(ctx);
  await requireOwnSession(ctx, keep, 'keep');
  const others = await ctx.em.find(Session, { user: owner.id, id: { $ne: keep } });
  for (const { userAgent } of others) recordRevoked(ctx, owner.name, userAgent);
  ctx.em.remove(others);
  await ctx.em.flush();
  return { revoked: others.length };
}

/** Ends a session of which the identity provider says that it is over, or that the person may not sign in any more. */
export async function endSessionForProvider(ctx: Context, session: Session): Promise<void> {
  recordUsage(as(ctx, identityProvider), 'user.signed_out', { namespace: session.user.username });
  ctx.em.remove(session);
  await ctx.em.flush();
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
