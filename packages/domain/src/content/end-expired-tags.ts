import type { TagName } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { lockAndExpire } from './tag-lifetime.ts';

/** Tags ended in one call: short transactions, one for each tag. */
const batch = 500;

/**
 * Ends the lifetimes whose expiry has passed. Reads do without it: they look at the expiry themselves. It makes the history
 * complete and lets the time machine's window begin. A job; any number of processes may run it at once.
 * @returns how many it ended; call again while it is not 0
 */
export async function endExpiredTags(ctx: Context): Promise<number> {
  const due = await ctx.em.execute<{ id: string; name: string; tag: TagName }[]>(
    `select r.id, r.name, t.name as tag from tags t join repositories r on r.id = t.repository_id
       where t.ended_at is null and t.expires_at <= now() order by t.expires_at limit ?`,
    [batch],
  );
  for (const { tag, ...repository } of due) {
    await inTransaction(ctx, async (inner) => {
      const { expired } = await lockAndExpire(inner, repository.id, tag);
      if (expired) recordUsage(inner, 'tag.expired', { repository, tag, digest: expired.digest });
      await inner.em.flush();
    });
  }
  return due.length;
}
