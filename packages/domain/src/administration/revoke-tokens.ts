import { Namespace } from '@escale/schema/entities';
import { requireAdministrator } from '../access/require-administrator.ts';
import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';

/**
 * Ends all tokens of a namespace at once, for the day on which something leaked: those of its robots, and a person's own
 * application and API tokens (S7).
 * @param input.createdFrom inclusive, `createdTo` exclusive: only those made in between
 * @returns how many
 * @throws DENIED to all but administrators, NOT_FOUND
 */
export async function revokeTokens(
  ctx: Context,
  input: { namespace: string; createdFrom?: Date | null | undefined; createdTo?: Date | null | undefined },
): Promise<{ revoked: number }> {
  requireAdministrator(ctx);
  const namespace = await ctx.em.findOne(Namespace, { name: input.namespace });
  if (!namespace) throw notFound(`the namespace ${input.namespace.slice(0, 255)}`, 'namespace');
  const window = [input.createdFrom ?? new Date(0), input.createdTo ?? new Date(ctx.now.getTime() + 1000)];
  const revoked = await inTransaction(ctx, async (inner) => {
    const owners = {
      robot_tokens: 'robot_id in (select id from robots where namespace_id = ?)',
      application_tokens: 'user_id in (select id from users where namespace_id = ?)',
      api_tokens: 'user_id in (select id from users where namespace_id = ?)',
    };
    let count = 0;
    for (const [table, ofNamespace] of Object.entries(owners)) {
      const gone = await inner.em.execute<unknown[]>(
        `delete from ${table} where ${ofNamespace} and created_at >= ? and created_at < ? returning id`,
        [namespace.id, ...window],
      );
      count += gone.length;
    }
    recordUsage(inner, 'tokens.revoked', { namespace: namespace.name, details: { count } });
    return count;
  });
  return { revoked };
}
