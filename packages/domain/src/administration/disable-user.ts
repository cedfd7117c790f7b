import { User } from '@escale/schema/entities';
import { requireAdministrator } from '../access/require-administrator.ts';
import type { Context } from '../context.ts';
import { denied, notFound } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { endSessions } from '../users/end-sessions.ts';

/**
 * Ends all that a person can do here, at once: sessions, tokens, registry tokens issued for them, and the robots of the
 * person's own namespace. What the person made stays.
 * @throws DENIED to all but administrators, and for oneself; NOT_FOUND
 */
export async function disableUser(ctx: Context, { username }: { username: string }): Promise<User> {
  return inTransaction(ctx, async (inner) => {
    const user = await findUser(inner, username);
    if (inner.principal.kind === 'user' && inner.principal.id === user.id)
      throw denied('nobody disables oneself: the registry must keep somebody who can undo it');
    if (user.disabledAt) return user;
    user.disabledAt = inner.now;
    await endSessions(inner, { user: user.id });
    recordUsage(inner, 'user.disabled', { namespace: user.username });
    return user;
  });
}

/** @throws DENIED to all but administrators, NOT_FOUND */
export async function enableUser(ctx: Context, { username }: { username: string }): Promise<User> {
  const user = await findUser(ctx, username);
  if (!user.disabledAt) return user;
  user.disabledAt = null;
  recordUsage(ctx, 'user.enabled', { namespace: user.username });
  await ctx.em.flush();
  return user;
}

async function findUser(ctx: Context, username: string): Promise<User> {
  requireAdministrator(ctx);
  const user = await ctx.em.findOne(User, { namespace: { name: username, kind: 'user' } });
  if (!user) throw notFound(`the user ${username.slice(0, 255)}`, 'username');
  return user;
}
