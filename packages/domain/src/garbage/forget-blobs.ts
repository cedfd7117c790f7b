import type { GarbageContext } from './garbage-context.ts';

/** A blob whose row no push can list any more and whose bytes are to be deleted. */
export interface OutgoingBlob {
  readonly id: string;
  readonly storageKey: string;
}

/** The next of them, those included that an earlier run marked before its process died. @param after id, exclusive */
export async function blobsOnTheirWayOut(ctx: GarbageContext, after?: string): Promise<OutgoingBlob[]> {
  const rows = await ctx.em.execute<{ id: string; storage_key: string }[]>(
    `select id, storage_key from blobs where state = 'deleting' and id > ? order by id limit 100`,
    [after ?? '00000000-0000-0000-0000-000000000000'],
  );
  return rows.map((row) => ({ id: row.id, storageKey: row.storage_key }));
}

/** Deletes rows whose bytes are gone. Doing it twice is no error. */
export async function forgetBlobs(ctx: GarbageContext, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await ctx.em.execute(`delete from blobs where state = 'deleting' and id in (${ids.map(() => '?').join(', ')})`, [
    ...ids,
  ]);
}
