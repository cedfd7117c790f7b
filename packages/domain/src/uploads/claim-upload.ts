import type { UploadPart } from '@escale/schema/entities';
import { executePrepared } from '@escale/schema/orm';
import type { DigestAlgorithm } from '@escale/schema/values';
import { isUuid } from '@escale/schema/values';
import { principalKey } from '../access/principal.ts';
import type { Context } from '../context.ts';
import { rangeInvalid, uploadUnknown } from '../errors.ts';
import { openHashState, sealHashState } from './hash-state.ts';
import { findUpload } from './open-upload.ts';
import { tooMuchStaged, type UploadLimits } from './upload-limits.ts';
import { writerLocks, type UploadWriters } from './upload-writers.ts';

/** The bytes of an upload that are held: parts in the blob store, then a tail in the row. */
export interface StagedBytes {
  readonly parts: readonly UploadPart[];
  readonly tail: Uint8Array;
}

/** The right of one request to write to an upload, and where it stands. */
export interface UploadClaim extends StagedBytes {
  readonly id: string;
  readonly writer: string;
  readonly algorithm: DigestAlgorithm;
  /** Bytes acknowledged. */
  readonly offset: number;
  /** Of the hash over those bytes; null at offset 0. */
  readonly hashState: Uint8Array | null;
}

interface Row {
  id: string;
  algorithm: DigestAlgorithm;
  offset: string;
  hash_state: Uint8Array | null;
  parts: UploadPart[];
  tail: Uint8Array | null;
  elsewhere: string;
}

/** True of a row that nobody writes to: given back, or its writer's process is gone. Parameters: none. */
export const unclaimed = `(writer is null or not exists (
  select 1 from pg_locks where locktype = 'advisory' and classid = ${String(writerLocks)}
    and objid = upload_sessions.writer_process::oid and objsubid = 2 and granted
    and database = (select oid from pg_database where datname = current_database())))`;

const elsewhere = `(select coalesce(sum(o."offset" + o.arriving), 0) from upload_sessions o
  where o.namespace_id = upload_sessions.namespace_id and o.id <> upload_sessions.id) as elsewhere`;

/**
 * Commits without waiting for the disk: a claim that a crash of the database takes away is void then anyway, since the connection
 * that shows that its process lives ends with it.
 */
const unhurried = `(select set_config('synchronous_commit', 'off', true)) as unhurried`;

/**
 * Claims an upload for writing: of two requests at once, one writes and the other is told where the upload stands (D20). A
 * claim whose process was killed is void at once.
 * @param announced bytes of the request's body, 0 when it does not say
 * @throws BLOB_UPLOAD_UNKNOWN, RANGE_INVALID while another request is writing, DENIED when the namespace has too much staged
 */
export async function claimUpload(
  ctx: Context,
  { writers, limits }: { writers: UploadWriters; limits: UploadLimits },
  repositoryId: string,
  { id, announced = 0 }: { id: string; announced?: number },
): Promise<UploadClaim> {
  if (!isUuid(id)) throw uploadUnknown();
  const writer = writers.begin();
  try {
    const [row] = await executePrepared<Row>(
      ctx.em,
      `update upload_sessions set writer = ?, writer_process = ?, arriving = ? from ${unhurried}
         where id = ? and repository_id = ? and principal = ? and expires_at > ?
           and (writer = any (string_to_array(?, ',')::uuid[]) or ${unclaimed})
         returning id, algorithm, "offset", hash_state, parts, tail, ${elsewhere}`,
      [
        ...[writer, writers.process, announced, id, repositoryId, principalKey(ctx.principal), ctx.now],
        writers.forsaken.join(','),
      ],
    );
    if (!row) throw rangeInvalid((await findUpload(ctx, repositoryId, id)).offset);
    const claim = { ...claimOf(row), writer };
    if (claim.offset + announced + Number(row.elsewhere) > limits.stagedBytes) {
      await releaseClaim(ctx, claim);
      throw tooMuchStaged(limits.stagedBytes);
    }
    return { ...claim, hashState: openHashState(ctx.vault, claim, row.hash_state) };
  } catch (error) {
    writers.forsake(writer);
    throw error;
  }
}

function claimOf({ id, algorithm, offset, parts, tail }: Row) {
  return { id, algorithm, offset: Number(offset), parts, tail: tail ?? new Uint8Array() };
}

/**
 * Tells how much has arrived while a long body streams.
 * @throws BLOB_UPLOAD_UNKNOWN when the claim is lost, DENIED when the namespace has too much staged; writing must stop then
 */
export async function reportArriving(
  ctx: Pick<Context, 'em'>,
  claim: UploadClaim,
  received: number,
  limits: UploadLimits,
): Promise<void> {
  const [row] = await ctx.em.execute<{ elsewhere: string }[]>(
    `update upload_sessions set arriving = greatest(arriving, ?) where id = ? and writer = ? returning ${elsewhere}`,
    [received, claim.id, claim.writer],
  );
  if (!row) throw uploadUnknown();
  if (claim.offset + received + Number(row.elsewhere) > limits.stagedBytes) throw tooMuchStaged(limits.stagedBytes);
}

/**
 * Records what a request has staged, and gives the claim back. From here on these bytes are acknowledged.
 * @param progress.staged all bytes of the upload now
 * @param progress.hashState over all of them
 * @returns the new offset
 * @throws BLOB_UPLOAD_UNKNOWN when the claim was lost: nothing is recorded then
 */
export async function recordChunk(
  ctx: Context,
  claim: UploadClaim,
  { staged, hashState }: { staged: StagedBytes; hashState: Uint8Array },
): Promise<number> {
  const { id, algorithm } = claim;
  const { parts, tail } = staged;
  const offset = parts.reduce((sum, part) => sum + part.length, tail.length);
  const recorded = await executePrepared(
    ctx.em,
    `update upload_sessions set "offset" = ?, parts = ?::jsonb, tail = ?, hash_state = ?, algorithm = ?,
         writer = null, writer_process = null, arriving = 0, expires_at = ?::timestamptz + interval '24 hours'
       where id = ? and writer = ? returning id`,
    [
      ...[offset, JSON.stringify(parts), tail.length > 0 ? Buffer.from(tail) : null],
      ...[sealHashState(ctx.vault, { id, algorithm, offset, tail }, hashState), algorithm, ctx.now, id, claim.writer],
    ],
  );
  if (recorded.length === 0) throw uploadUnknown();
  return offset;
}

/** Gives a claim back without having written anything that counts. */
export async function releaseClaim(
  ctx: Pick<Context, 'em'>,
  { id, writer }: Pick<UploadClaim, 'id' | 'writer'>,
): Promise<void> {
  await ctx.em.execute(
    'update upload_sessions set writer = null, writer_process = null, arriving = 0 where id = ? and writer = ?',
    [id, writer],
  );
}
