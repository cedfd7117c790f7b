import { Repository, UploadSession } from '@escale/schema/entities';
import type { DigestAlgorithm } from '@escale/schema/values';
import { principalKey } from '../access/principal.ts';
import type { Context } from '../context.ts';
import { uploadUnknown } from '../errors.ts';
import { isUuid } from '@escale/schema/values';

/** How long an unfinished upload waits for its next request. */
const expiryMilliseconds = 24 * 60 * 60 * 1000;

/** Begins a blob push: a row that any process can go on with. */
export async function openUpload(
  ctx: Context,
  repositoryId: string,
  algorithm: DigestAlgorithm,
): Promise<UploadSession> {
  const upload = ctx.em.create(UploadSession, {
    repository: ctx.em.getReference(Repository, repositoryId),
    principal: principalKey(ctx.principal),
    algorithm,
    parts: [],
    expiresAt: new Date(ctx.now.getTime() + expiryMilliseconds),
  });
  await ctx.em.flush();
  return upload;
}

/**
 * An upload of this repository and this principal; anything else does not exist (T6, R22).
 * @throws BLOB_UPLOAD_UNKNOWN
 */
export async function findUpload(ctx: Context, repositoryId: string, id: string): Promise<UploadSession> {
  const upload = isUuid(id)
    ? await ctx.em.findOne(
        UploadSession,
        { id, repository: repositoryId, principal: principalKey(ctx.principal), expiresAt: { $gt: ctx.now } },
        { refresh: true },
      )
    : null;
  if (!upload) throw uploadUnknown();
  return upload;
}
