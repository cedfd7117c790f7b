import type { Context } from '../context.ts';
import { registrySettings } from '../administration/registry-settings.ts';

/** Entries deleted by one statement: locks and write-ahead log stay small. */
const batch = 5000;
const day = 24 * 60 * 60 * 1000;

/**
 * Deletes the entries that are older than their namespace keeps them, and files that nobody may fetch any more: a background
 * job. An organization's own setting stands above the registry's.
 * @returns how many entries went
 */
export async function purgeUsage(ctx: Pick<Context, 'em' | 'now'>): Promise<number> {
  await ctx.em.execute('delete from log_exports where expires_at < ?', [ctx.now]);
  const own = await ctx.em.execute<{ id: string; days: number }[]>(
    `select o.namespace_id as id, o.log_retention_days as days from organizations o where o.log_retention_days is not null`,
  );
  let purged = 0;
  for (const { id, days } of own) purged += await purge(ctx, days, 'x.namespace_id = ?', [id]);
  const { logRetentionDays } = await registrySettings(ctx);
  if (logRetentionDays === null) return purged;
  const ids = own.map(({ id }) => id);
  const others =
    ids.length > 0 ? `(x.namespace_id is null or x.namespace_id not in (${ids.map(() => '?').join(', ')}))` : 'true';
  return purged + (await purge(ctx, logRetentionDays, others, ids));
}

async function purge(
  ctx: Pick<Context, 'em' | 'now'>,
  days: number,
  where: string,
  parameters: readonly string[],
): Promise<number> {
  const before = new Date(ctx.now.getTime() - days * day);
  for (let purged = 0; ;) {
    const gone = await ctx.em.execute<unknown[]>(
      `delete from usage_log_entries where id in
         (select x.id from usage_log_entries x where ${where} and x.at < ? order by x.at limit ${String(batch)}) returning id`,
      [...parameters, before],
    );
    purged += gone.length;
    if (gone.length < batch) return purged;
  }
}
