import { v7 } from 'uuid';
import type { TagName } from '@escale/schema/values';
import type { Context } from '../context.ts';

/**
 * Makes a tag name a manifest: ends its open lifetime and begins a new one. Nothing changes when it names that manifest
 * already. Runs in the caller's transaction; two moves of one tag take turns on a lock that is the tag's own.
 */
export async function moveTag(
  ctx: Context,
  repository: { id: string },
  move: { tag: TagName; manifestId: string; pushedBy: string },
): Promise<void> {
  await ctx.em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`tag:${repository.id}:${move.tag}`]);
  const [open] = await ctx.em.execute<{ id: string; manifest_id: string }[]>(
    'select id, manifest_id from tags where repository_id = ? and name = ? and ended_at is null',
    [repository.id, move.tag],
  );
  if (open?.manifest_id === move.manifestId) return;
  if (open) await ctx.em.execute('update tags set ended_at = ? where id = ?', [ctx.now, open.id]);
  await ctx.em.execute(
    `insert into tags (id, repository_id, name, manifest_id, pushed_by, started_at, immutable) values (?, ?, ?, ?, ?, ?, false)`,
    [v7(), repository.id, move.tag, move.manifestId, move.pushedBy, ctx.now],
  );
}
