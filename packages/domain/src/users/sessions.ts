import { Session } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { requireUser } from './require-user.ts';

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
  const owner = requireUser(ctx);
  const session = /^[0-9a-f]{64}$/.test(id) ? await ctx.em.findOne(Session, { id, user: owner.id }) : null;
  if (!session) throw notFound('this session', 'id');
  recordUsage(ctx, 'session.revoked', { namespace: owner.name, details: { userAgent: session.userAgent ?? null } });
  ctx.em.remove(session);
  await ctx.em.flush();
  return { id };
}
