import type { Digest } from '@escale/schema/values';
import type { GarbageContext } from './garbage-context.ts';

/** A blob whose stored bytes are to be compared with its digest. */
export interface CheckableBlob {
  readonly id: string;
  readonly digest: Digest;
  readonly size: number;
  readonly storageKey: string;
  readonly state: 'live' | 'quarantined';
}

interface Row {
  id: string;
  digest: Digest;
  size: string;
  storage_key: string;
  state: 'live' | 'quarantined';
}

/** The next blobs that were not checked since a moment, those never checked first. */
export async function blobsToCheck(ctx: GarbageContext, before: Date, limit: number): Promise<CheckableBlob[]> {
  const rows = await ctx.em.execute<Row[]>(
    `select id, digest, size, storage_key, state from blobs
       where state <> 'deleting' and (checked_at is null or checked_at < ?) order by checked_at nulls first limit ?`,
    [before, limit],
  );
  return rows.map((row) => ({
    id: row.id,
    digest: row.digest,
    size: Number(row.size),
    storageKey: row.storage_key,
    state: row.state,
  }));
}

/** How many blobs, and how many of their bytes, were not checked since a moment. */
export async function countBlobsToCheck(ctx: GarbageContext, before: Date): Promise<{ blobs: number; bytes: number }> {
  const [row] = await ctx.em.execute<{ blobs: string; bytes: string }[]>(
    `select count(*) as blobs, coalesce(sum(size), 0) as bytes from blobs
       where state <> 'deleting' and (checked_at is null or checked_at < ?)`,
    [before],
  );
  return { blobs: Number(row?.blobs ?? 0), bytes: Number(row?.bytes ?? 0) };
}

/**
 * Writes down what a check of a blob's bytes found: sound, or lost or damaged; then it is quarantined, and what was
 * quarantined and is sound again is back in use. Says nothing of a row that got other bytes or began to go meanwhile.
 */
export async function recordCheck(
  ctx: GarbageContext,
  { id, storageKey }: Pick<CheckableBlob, 'id' | 'storageKey'>,
  sound: boolean,
): Promise<void> {
  await ctx.em.execute(
    `update blobs set state = ?, checked_at = now() where id = ? and storage_key = ? and state <> 'deleting'`,
    [sound ? 'live' : 'quarantined', id, storageKey],
  );
}
