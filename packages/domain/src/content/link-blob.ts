import { v7 } from 'uuid';
import { executePrepared } from '@escale/schema/orm';
import type { Digest } from '@escale/schema/values';
import type { Context } from '../context.ts';

/** Bytes that an upload has committed to the blob store. */
export interface CommittedBytes {
  readonly digest: Digest;
  readonly size: number;
  readonly storageKey: string;
}

/**
 * Makes committed bytes a blob of a repository and ends their upload session, in one statement (reliability §3.2, step 1).
 * Where a live blob of this digest exists already, that one is linked, and the bytes just committed are superfluous. Where a
 * quarantined one exists, it gets these bytes and is healed with everything that lists it (D31); what is left of the damaged
 * object is swept a week later.
 * @returns the key of the superfluous object, for deletion; undefined when the new object is the one in use
 */
export async function linkBlob(
  ctx: Context,
  repositoryId: string,
  uploadId: string,
  bytes: CommittedBytes,
): Promise<{ superfluous: string | undefined }> {
  await ctx.faults?.('blob.linking');
  const [live] = await executePrepared<{ storage_key: string }>(
    ctx.em,
    `with live as (
       insert into blobs (id, digest, size, storage_key, state, lease_until, created_at)
         values (?, ?, ?, ?, 'live', now() + interval '6 hours', now())
       on conflict (digest) where state <> 'deleting'
         do update set lease_until = greatest(blobs.lease_until, excluded.lease_until), state = 'live',
           storage_key = case blobs.state when 'live' then blobs.storage_key else excluded.storage_key end
       returning id, storage_key),
     linked as (
       insert into repository_blobs (repository_id, blob_id, created_at) select ?, id, now() from live on conflict do nothing),
     ended as (delete from upload_sessions where id = ?)
     select storage_key from live`,
    [v7(), bytes.digest, bytes.size, bytes.storageKey, repositoryId, uploadId],
  );
  if (!live) throw new Error('linking a blob returned no row');
  await ctx.faults?.('blob.linked');
  return { superfluous: live.storage_key === bytes.storageKey ? undefined : bytes.storageKey };
}
