import type { GarbageContext } from './garbage-context.ts';
import { nextItems, settleItems } from './planned-items.ts';
import { inTransaction } from '../in-transaction.ts';

/** Blobs looked at in one statement. */
const batch = 1000;

/**
 * Notes since when a blob is listed by no manifest, and forgets it for those listed again: from then on its grace counts.
 * Blobs that somebody has locked are in use, and are left for the next run.
 */
export async function noteUnlistedBlobs(ctx: GarbageContext): Promise<void> {
  const listed = 'exists (select 1 from manifest_blobs e where e.blob_id = b.id)';
  for (const [change, where] of [
    ['now()', `b.unreferenced_since is null and b.state <> 'deleting' and not ${listed}`],
    ['null', `b.unreferenced_since is not null and ${listed}`],
  ]) {
    for (let noted = batch; noted === batch;) {
      const rows = await ctx.em.execute<unknown[]>(
        `update blobs set unreferenced_since = ${change ?? ''} where id in (
           select b.id from blobs b where ${where ?? ''} limit ${String(batch)} for no key update skip locked) returning 1`,
      );
      noted = rows.length;
    }
  }
}

/** Takes the next planned blobs out of repositories in which no manifest lists them, those that others do list. @returns undefined when none were left */
export async function deletePlannedLinks(
  ctx: GarbageContext,
  runId: string,
  graceSeconds: number,
): Promise<number | undefined> {
  return inTransaction(ctx, async (inner) => {
    const items = await nextItems(inner, runId, 'link');
    if (items.length === 0) return undefined;
    const pairs = items.map(({ target }) => target.split(' '));
    const locked = await lockUnpromised(
      inner,
      pairs.map(([, blob = '']) => blob),
    );
    const mine = pairs.filter(([, blob = '']) => locked.has(blob));
    const gone =
      mine.length === 0
        ? []
        : await inner.em.execute<{ target: string }[]>(
            `delete from repository_blobs l where (l.repository_id, l.blob_id) in (${mine.map(() => '(?, ?)').join(', ')})
               and l.created_at <= now() - ?::int * interval '1 second'
               and exists (select 1 from manifest_blobs e where e.blob_id = l.blob_id)
               and not exists (select 1 from manifest_blobs e join manifests m on m.id = e.manifest_id
                 where e.blob_id = l.blob_id and m.repository_id = l.repository_id)
             returning l.repository_id || ' ' || l.blob_id as target`,
            [...mine.flat(), graceSeconds],
          );
    await settleItems(inner, runId, items, new Set(gone.map(({ target }) => target)));
    await inner.faults?.('garbage.links.deleting');
    return gone.length;
  });
}

/**
 * Takes the next planned blobs out of use: under its lock, a blob must still be listed by nothing, promised to
 * nobody, and have been so for the grace time. From its commit on no push can list these rows; their bytes and then the rows
 * themselves are still to be deleted, by whoever comes (`blobsOnTheirWayOut`).
 * @returns undefined when none were left, else how many went
 */
export async function markPlannedBlobs(
  ctx: GarbageContext,
  runId: string,
  graceSeconds: number,
): Promise<number | undefined> {
  return inTransaction(ctx, async (inner) => {
    const items = await nextItems(inner, runId, 'blob');
    if (items.length === 0) return undefined;
    const locked = await lockUnpromised(
      inner,
      items.map(({ target }) => target),
    );
    const ids = [...locked];
    const marked =
      ids.length === 0
        ? []
        : await inner.em.execute<{ id: string }[]>(
            `update blobs b set state = 'deleting' where b.id in (${ids.map(() => '?').join(', ')})
               and not exists (select 1 from manifest_blobs e where e.blob_id = b.id)
               and b.unreferenced_since <= now() - ?::int * interval '1 second' returning b.id`,
            [...ids, graceSeconds],
          );
    if (marked.length > 0) {
      await inner.em.execute(
        `delete from repository_blobs where blob_id in (${marked.map(() => '?').join(', ')})`,
        marked.map(({ id }) => id),
      );
    }
    await settleItems(inner, runId, items, new Set(marked.map(({ id }) => id)));
    await inner.faults?.('garbage.blobs.marking');
    return marked.length;
  });
}

/** Locks those of the blobs that nobody was promised and nobody has locked. The statement after it sees what they then are. */
async function lockUnpromised(ctx: GarbageContext, ids: readonly string[]): Promise<Set<string>> {
  const distinct = [...new Set(ids)];
  const rows = await ctx.em.execute<{ id: string }[]>(
    `select id from blobs where id in (${distinct.map(() => '?').join(', ')}) and state <> 'deleting' and lease_until < now()
       order by digest for update skip locked`,
    distinct,
  );
  return new Set(rows.map(({ id }) => id));
}
