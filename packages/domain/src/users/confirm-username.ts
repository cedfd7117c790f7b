import { User } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { denied, namespaceTaken } from '../errors.ts';
import { checkNamespaceName } from '../namespaces/namespace-name.ts';
import { onConflict } from '../on-conflict.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { requireUser } from './require-user.ts';

/**
 * Accepts the name that the first sign-in derived, or changes it, once. Nothing else may be done before.
 * @throws NAME_INVALID, NAME_RESERVED, NAMESPACE_TAKEN with field `username`; DENIED when the name is confirmed already
 */
export async function confirmUsername(ctx: Context, { username }: { username: string }): Promise<User> {
  const user = await ctx.em.findOneOrFail(User, { id: requireUser(ctx).id });
  if (user.usernameConfirmed) {
    if (user.username === username) return user;
    throw denied(`the user name ${user.username} is confirmed and does not change any more`);
  }
  const before = user.username;
  user.usernameConfirmed = true;
  if (username !== before) {
    user.namespace.name = checkNamespaceName(username, 'username');
    recordUsage(ctx, 'user.renamed', {
      namespace: username,
      namespaceId: user.namespace.id,
      details: { from: before, to: username },
    });
  }
  await onConflict(
    () => namespaceTaken(username, 'username'),
    () => ctx.em.flush(),
  );
  return user;
}
