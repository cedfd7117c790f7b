import { randomUUID } from 'node:crypto';
import type { UploadPart, UploadSession } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { rangeInvalid, uploadUnknown } from '../errors.ts';
import { findUpload } from './open-upload.ts';

/** Seconds after which the claim of a process that died lapses; a living one renews it. */
const claimSeconds = 30;

/** The right of one request to write to an upload. */
export interface UploadClaim {
  readonly upload: UploadSession;
  readonly writer: string;
}

/**
 * Claims an upload for writing: of two requests at once, one writes and the other is told where the upload stands (D20).
 * @throws BLOB_UPLOAD_UNKNOWN, RANGE_INVALID while another request is writing
 */
export async function claimUpload(ctx: Context, repositoryId: string, id: string): Promise<UploadClaim> {
  const upload = await findUpload(ctx, repositoryId, id);
  const writer = randomUUID();
  const claimed = await ctx.em.execute<unknown[]>(
    `update upload_sessions set writer = ?, writer_until = now() + interval '${String(claimSeconds)} seconds'
       where id = ? and (writer is null or writer_until < now()) returning id`,
    [writer, upload.id],
  );
  if (claimed.length === 0) throw rangeInvalid(upload.offset);
  // The row may have moved on between looking and claiming.
  return { upload: await findUpload(ctx, repositoryId, id), writer };
}

/** Keeps a claim alive while a long body streams. @returns false when the claim is lost and writing must stop */
export async function renewClaim(ctx: Pick<Context, 'em'>, { upload, writer }: UploadClaim): Promise<boolean> {
  const renewed = await ctx.em.execute<unknown[]>(
    `update upload_sessions set writer_until = now() + interval '${String(claimSeconds)} seconds'
       where id = ? and writer = ? returning id`,
    [upload.id, writer],
  );
  return renewed.length > 0;
}

/** Milliseconds between renewals. */
export const renewEvery = (claimSeconds * 1000) / 3;

/**
 * Records what a request has staged, and gives the claim back. From here on these bytes are acknowledged.
 * @param progress.parts those staged by this request, contiguous from the upload's offset
 * @param progress.hashState over all bytes up to the new offset
 * @throws BLOB_UPLOAD_UNKNOWN when the claim was lost: nothing is recorded then
 */
export async function recordChunk(
  ctx: Context,
  { upload, writer }: UploadClaim,
  progress: { parts: readonly UploadPart[]; hashState: Uint8Array },
): Promise<{ offset: number; parts: UploadPart[] }> {
  const parts = [...upload.parts, ...progress.parts];
  const offset = progress.parts.reduce((sum, part) => sum + part.length, upload.offset);
  const recorded = await ctx.em.execute<unknown[]>(
    `update upload_sessions set "offset" = ?, parts = ?::jsonb, hash_state = ?, writer = null, writer_until = null,
         expires_at = ?::timestamptz + interval '24 hours'
       where id = ? and writer = ? and "offset" = ? returning id`,
    [offset, JSON.stringify(parts), Buffer.from(progress.hashState), ctx.now, upload.id, writer, upload.offset],
  );
  if (recorded.length === 0) throw uploadUnknown();
  return { offset, parts };
}

/** Gives a claim back without having written anything that counts. */
export async function releaseClaim(ctx: Pick<Context, 'em'>, { upload, writer }: UploadClaim): Promise<void> {
  await ctx.em.execute('update upload_sessions set writer = null, writer_until = null where id = ? and writer = ?', [
    upload.id,
    writer,
  ]);
}
