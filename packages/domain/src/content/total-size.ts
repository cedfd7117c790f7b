import type { Digest } from '@escale/schema/values';
import type { Context } from '../context.ts';

/** Levels of indexes in indexes that are followed, up and down (T34). */
const depthLimit = 8;

/**
 * Writes what a manifest weighs with everything below it: its own row, and the indexes above it that were pushed before it.
 * Kept in the row, so that a list of ten thousand tags can be ordered by it. Each blob and manifest counts once. Rows are
 * locked as by every change: a manifest before those that list it, so that no two changes wait for each other.
 */
export async function refreshTotalSizes(
  ctx: Context,
  repositoryId: string,
  manifest: { id: string; digest: Digest },
): Promise<void> {
  const above = await ctx.em.execute<{ id: string }[]>(
    `with recursive above (id, digest, level) as (
       select ?::uuid, ?::text collate "C", 0
       union
       select p.id, p.digest, a.level + 1 from above a join manifest_children c on c.digest = a.digest
         join manifests p on p.id = c.parent_id and p.repository_id = ? where a.level < ?)
     select id from above group by id, digest order by max(level), digest`,
    [manifest.id, manifest.digest, repositoryId, depthLimit],
  );
  for (const { id } of above) await refreshTotalSize(ctx, repositoryId, id);
}

async function refreshTotalSize(ctx: Context, repositoryId: string, id: string): Promise<void> {
  await ctx.em.execute(
    `with recursive below (id, level) as (
       select ?::uuid, 0
       union
       select k.id, b.level + 1 from below b join manifest_children c on c.parent_id = b.id
         join manifests k on k.repository_id = ? and k.digest = c.digest where b.level < ?),
     listed as (select distinct id from below)
     update manifests set total_size =
       (select coalesce(sum(m.size), 0) from manifests m where m.id in (select id from listed))
       + (select coalesce(sum(b.size), 0) from blobs b where b.id in (
            select e.blob_id from manifest_blobs e where e.manifest_id in (select id from listed)))
       where id = ?`,
    [id, repositoryId, depthLimit, id],
  );
}
