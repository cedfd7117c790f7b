import { v7 } from 'uuid';
import { executePrepared } from '@escale/schema/orm';
import type { Digest } from '@escale/schema/values';
import { rightsHeld, whileRightsHold } from '../access/believed-rights.ts';
import { principalKey } from '../access/principal.ts';
import type { Context } from '../context.ts';
import { noLongerProvisional } from '../repositories/provisional.ts';
import { unclaimed } from '../uploads/claim-upload.ts';

/** Bytes that an upload has committed to the blob store. */
export interface CommittedBytes {
  readonly digest: Digest;
  readonly size: number;
  readonly storageKey: string;
}

/** What became of committed bytes. */
export interface LinkedBytes {
  /** The key of the superfluous object, for deletion; undefined when the new object is the one in use. */
  readonly superfluous: string | undefined;
}

/**
 * Makes committed bytes a blob of a repository and ends their upload session, in one statement (P2).
 * Where a live blob of this digest exists already, that one is linked, and the bytes just committed are superfluous. Where a
 * quarantined one exists, it gets these bytes and is healed with everything that lists it (D31); what is left of the damaged
 * object is swept a week later.
 * @param uploadId of the upload that the caller has claimed
 */
export async function linkBlob(
  ctx: Context,
  repositoryId: string,
  uploadId: string,
  bytes: CommittedBytes,
): Promise<LinkedBytes> {
  const linked = await link(ctx, repositoryId, bytes, endingClaimed, [uploadId]);
  if (!linked) throw new Error('linking a blob returned no row');
  return linked;
}

/**
 * The same for bytes that came whole in the only request of an upload, which nobody had to claim: the upload is taken by its
 * end. Of two such requests one finds it.
 * @returns undefined when there is no such upload of this caller, or not an empty one, or somebody writes to it: then nothing
 * was linked
 */
export async function linkWholeBlob(
  ctx: Context,
  repositoryId: string,
  uploadId: string,
  bytes: CommittedBytes,
): Promise<LinkedBytes | undefined> {
  return link(ctx, repositoryId, bytes, endingEmpty, [uploadId, repositoryId, principalKey(ctx.principal), ctx.now]);
}

const statementEnding = (session: string, from: string): string => `
  with ${rightsHeld},
  session as (delete from upload_sessions where (select held from rights) and ${session} returning id),
  live as (
    insert into blobs (id, digest, size, storage_key, state, lease_until, created_at)
      select ?::uuid, ?, ?::bigint, ?, 'live', now() + interval '6 hours', now() ${from}
    on conflict (digest) where state <> 'deleting'
      do update set lease_until = greatest(blobs.lease_until, excluded.lease_until), state = 'live',
        storage_key = case blobs.state when 'live' then blobs.storage_key else excluded.storage_key end
    returning id, storage_key),
  linked as (
    insert into repository_blobs (repository_id, blob_id, created_at) select ?::uuid, id, now() from live on conflict do nothing),
  stored as (${noLongerProvisional} and exists (select from live))
  select held, (select storage_key from live) as storage_key from rights`;

const endingClaimed = statementEnding('id = ?', 'from rights where held');
const endingEmpty = statementEnding(
  `id = ? and repository_id = ? and principal = ? and expires_at > ? and "offset" = 0 and ${unclaimed}`,
  'from session',
);

async function link(
  ctx: Context,
  repositoryId: string,
  { digest, size, storageKey }: CommittedBytes,
  statement: string,
  session: readonly unknown[],
): Promise<LinkedBytes | undefined> {
  await ctx.faults?.('blob.linking');
  const row = await whileRightsHold(ctx, repositoryId, (state) =>
    executePrepared<{ held: boolean; storage_key: string | null }>(ctx.em, statement, [
      ...[state, ...session],
      ...[v7(), digest, size, storageKey, repositoryId, repositoryId],
    ]),
  );
  const used = row?.storage_key ?? undefined;
  if (used === undefined) return undefined;
  await ctx.faults?.('blob.linked');
  return { superfluous: used === storageKey ? undefined : storageKey };
}
