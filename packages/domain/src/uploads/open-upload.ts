import { v7 } from 'uuid';
import { UploadSession } from '@escale/schema/entities';
import { executePrepared } from '@escale/schema/orm';
import type { DigestAlgorithm } from '@escale/schema/values';
import { isUuid } from '@escale/schema/values';
import { rightsHeld, whileRightsHold } from '../access/believed-rights.ts';
import type { AccessibleRepository } from '../access/find-accessible.ts';
import { principalKey } from '../access/principal.ts';
import type { Context } from '../context.ts';
import { uploadUnknown } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';
import type { UploadClaim } from './claim-upload.ts';
import { tooManyUploads, type UploadLimits } from './upload-limits.ts';
import type { UploadWriters } from './upload-writers.ts';

type Place = Pick<AccessibleRepository, 'id' | 'namespaceId'>;

/**
 * Begins a blob push: a row that any process can go on with, for 24 hours after its last request.
 * @returns its id
 * @throws TOOMANYREQUESTS when the namespace has as many as it may have
 */
export async function openUpload(
  ctx: Context,
  limits: UploadLimits,
  repository: Place,
  algorithm: DigestAlgorithm,
): Promise<string> {
  return insert(ctx, limits, repository, { algorithm, writer: null, process: null });
}

/** The same, already claimed by the request that brings the whole blob along. @throws as `openUpload` */
export async function openClaimedUpload(
  ctx: Context,
  { writers, limits }: { writers: UploadWriters; limits: UploadLimits },
  repository: Place,
  algorithm: DigestAlgorithm,
): Promise<UploadClaim> {
  const writer = writers.begin();
  try {
    const id = await insert(ctx, limits, repository, { algorithm, writer, process: writers.process });
    return { id, writer, algorithm, offset: 0, hashState: null, parts: [], tail: new Uint8Array() };
  } catch (error) {
    writers.forsake(writer);
    throw error;
  }
}

interface NewUpload {
  readonly algorithm: DigestAlgorithm;
  readonly writer: string | null;
  readonly process: number | null;
}

/** Far from the limit one statement does; near it, those who open take turns, so that it is exact. */
async function insert(ctx: Context, limits: UploadLimits, repository: Place, upload: NewUpload): Promise<string> {
  const far = await tryInsert(ctx, repository, upload, Math.floor(limits.sessions / 2));
  if (far !== undefined) return far;
  const confirmed = await ctx.believed?.confirm();
  if (confirmed && confirmed.id !== repository.id) return insert(ctx, limits, confirmed, upload);
  const near = await inTransaction(ctx, async (inner) => {
    await inner.em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [
      `uploads of ${repository.namespaceId}`,
    ]);
    return tryInsert(inner, repository, upload, limits.sessions);
  });
  if (near === undefined) throw tooManyUploads(limits.sessions);
  return near;
}

/** One that had no request for an hour does not count: a client that went away must not keep others out for a day. */
async function tryInsert(
  ctx: Context,
  repository: Place,
  { algorithm, writer, process }: NewUpload,
  limit: number,
): Promise<string | undefined> {
  const row = await whileRightsHold(ctx, repository.id, (state) =>
    executePrepared<{ held: boolean; id: string | null }>(ctx.em, insertUpload, [
      ...[state, v7(), repository.id, repository.namespaceId, principalKey(ctx.principal), algorithm, writer, process],
      ...[ctx.now, ctx.now, repository.namespaceId, ctx.now, limit],
    ]),
  );
  return row?.id ?? undefined;
}

const insertUpload = `
  with ${rightsHeld},
  made as (
    insert into upload_sessions (id, repository_id, namespace_id, principal, algorithm, parts, writer, writer_process,
        expires_at, created_at)
      select ?::uuid, ?::uuid, ?::uuid, ?, ?, '[]'::jsonb, ?::uuid, ?::int, ?::timestamptz + interval '24 hours', ?::timestamptz
        from rights where held
          and (select count(*) from upload_sessions where namespace_id = ? and expires_at > ?::timestamptz + interval '23 hours') < ?
      returning id)
  select held, (select id from made) as id from rights`;

/**
 * An upload of this repository and this principal; anything else does not exist (T6, R22).
 * @throws BLOB_UPLOAD_UNKNOWN
 */
export async function findUpload(ctx: Context, repositoryId: string, id: string): Promise<{ offset: number }> {
  const upload = isUuid(id)
    ? await ctx.em.findOne(
        UploadSession,
        { id, repository: repositoryId, principal: principalKey(ctx.principal), expiresAt: { $gt: ctx.now } },
        { refresh: true, fields: ['offset'] },
      )
    : null;
  if (!upload) throw uploadUnknown();
  return upload;
}
