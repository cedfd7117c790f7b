import type { Digest } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { blobUnknown } from '../errors.ts';

/** For how long a client may rely on having been told that a blob is here (promise P2). */
const lease = `interval '6 hours'`;

/** A blob as a repository shows it. */
export interface LinkedBlob {
  readonly id: string;
  readonly digest: Digest;
  readonly size: number;
  readonly storageKey: string;
}

interface Row {
  id: string;
  digest: Digest;
  size: string;
  storage_key: string;
}

const toBlob = ({ id, digest, size, storage_key }: Row): LinkedBlob => ({
  id,
  digest,
  size: Number(size),
  storageKey: storage_key,
});

/** A blob of this repository, for reading. @throws BLOB_UNKNOWN unless it is linked here: blobs elsewhere do not exist (T8) */
export async function findBlob(ctx: Context, repositoryId: string, digest: Digest): Promise<LinkedBlob> {
  const rows = await ctx.em.execute<Row[]>(
    `select b.id, b.digest, b.size, b.storage_key from blobs b
       join repository_blobs l on l.blob_id = b.id and l.repository_id = ?
       where b.digest = ? and b.state = 'live'`,
    [repositoryId, digest],
  );
  if (!rows[0]) throw blobUnknown(digest);
  return toBlob(rows[0]);
}

/**
 * Says that a blob is here, and promises it for six hours: whoever asks is about to name it in a manifest (decision 5).
 * @throws BLOB_UNKNOWN
 */
export async function promiseBlob(ctx: Context, repositoryId: string, digest: Digest): Promise<LinkedBlob> {
  const rows = await ctx.em.execute<Row[]>(
    `update blobs b set lease_until = greatest(b.lease_until, now() + ${lease})
       from repository_blobs l
       where l.blob_id = b.id and l.repository_id = ? and b.digest = ? and b.state = 'live'
       returning b.id, b.digest, b.size, b.storage_key`,
    [repositoryId, digest],
  );
  if (!rows[0]) throw blobUnknown(digest);
  return toBlob(rows[0]);
}

/**
 * Links an existing blob to a repository and promises it, where it is live and linked to one of these other repositories.
 * @param sourceId the repository that the caller may pull from
 * @returns undefined when there is nothing to mount: the client then uploads
 */
export async function mountBlob(
  ctx: Context,
  repositoryId: string,
  digest: Digest,
  sourceId: string,
): Promise<LinkedBlob | undefined> {
  return ctx.em.transactional(async (em) => {
    const rows = await em.execute<Row[]>(
      `update blobs b set lease_until = greatest(b.lease_until, now() + ${lease})
         from repository_blobs l
         where l.blob_id = b.id and l.repository_id = ? and b.digest = ? and b.state = 'live'
         returning b.id, b.digest, b.size, b.storage_key`,
      [sourceId, digest],
    );
    const blob = rows[0];
    if (!blob) return undefined;
    await em.execute(
      `insert into repository_blobs (repository_id, blob_id, created_at) values (?, ?, now()) on conflict do nothing`,
      [repositoryId, blob.id],
    );
    await ctx.faults?.('blob.mounting');
    return toBlob(blob);
  });
}

/** Takes a blob out of a repository. Manifests that list it keep it readable until they go. @throws BLOB_UNKNOWN */
export async function unlinkBlob(ctx: Context, repositoryId: string, digest: Digest): Promise<void> {
  const gone = await ctx.em.execute<unknown[]>(
    `delete from repository_blobs l using blobs b
       where l.blob_id = b.id and l.repository_id = ? and b.digest = ? and b.state = 'live' returning l.blob_id`,
    [repositoryId, digest],
  );
  if (gone.length === 0) throw blobUnknown(digest);
}
