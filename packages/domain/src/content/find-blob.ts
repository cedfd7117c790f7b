import { executePrepared } from '@escale/schema/orm';
import type { Digest } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { blobQuarantined, blobUnknown } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';
import { noLongerProvisional } from '../repositories/provisional.ts';

/** For how long a client may rely on having been told that a blob is here (promise P2). */
const lease = `interval '6 hours'`;

/** A blob as a repository shows it. */
export interface LinkedBlob {
  readonly id: string;
  readonly digest: Digest;
  readonly size: number;
  readonly storageKey: string;
  /** The store has lost or damaged its bytes: they are not to be served (D31). */
  readonly quarantined: boolean;
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
  quarantined: false,
});

/**
 * A blob of this repository, for reading.
 * @throws BLOB_UNKNOWN unless it is linked here: blobs elsewhere do not exist (T8); UNAVAILABLE while its bytes are lost (D31)
 */
export async function findBlob(ctx: Context, repositoryId: string, digest: Digest): Promise<LinkedBlob> {
  const rows = await executePrepared<Row & { state: 'live' | 'quarantined' }>(
    ctx.em,
    `select b.id, b.digest, b.size, b.storage_key, b.state from blobs b
       join repository_blobs l on l.blob_id = b.id and l.repository_id = ?
       where b.digest = ? and b.state <> 'deleting'`,
    [repositoryId, digest],
  );
  if (!rows[0]) throw blobUnknown(digest);
  if (rows[0].state === 'quarantined') throw blobQuarantined(digest);
  return toBlob(rows[0]);
}

/**
 * Renews the lease of a live blob of a repository. The blob is locked before its link, as the collector does it: whoever of
 * the two comes second sees what the first has done, and a link that is about to go is not promised.
 */
const renewLease = `
  with here as (
    select b.id from blobs b join repository_blobs l on l.blob_id = b.id and l.repository_id = ?
      where b.digest = ? and b.state = 'live' for no key update of b for key share of l)
  update blobs b set lease_until = greatest(b.lease_until, now() + ${lease}) from here
    where b.id = here.id returning b.id, b.digest, b.size, b.storage_key`;

/**
 * Says that a blob is here, and promises it for six hours: whoever asks is about to name it in a manifest (P2).
 * @throws BLOB_UNKNOWN, also for a quarantined one: the client then sends the bytes, which heals it
 */
export async function promiseBlob(ctx: Context, repositoryId: string, digest: Digest): Promise<LinkedBlob> {
  const rows = await executePrepared<Row>(ctx.em, renewLease, [repositoryId, digest]);
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
  return inTransaction(ctx, async (inner) => {
    const rows = await executePrepared<Row>(inner.em, renewLease, [sourceId, digest]);
    const blob = rows[0];
    if (!blob) return undefined;
    await inner.em.execute(
      `with linked as (
         insert into repository_blobs (repository_id, blob_id, created_at) values (?, ?, now()) on conflict do nothing)
       ${noLongerProvisional}`,
      [repositoryId, blob.id, repositoryId],
    );
    await inner.faults?.('blob.mounting');
    return toBlob(blob);
  });
}
