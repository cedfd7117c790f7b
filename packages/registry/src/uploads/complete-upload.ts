import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { algorithmOf, parseDigest, type Digest, type RepositoryName } from '@escale/schema/values';
import { linkBlob } from '@escale/domain/content';
import { digestInvalid } from '@escale/domain/errors';
import { claimUpload, dropUpload, releaseClaim, type UploadClaim } from '@escale/domain/uploads';
import { created } from '../blobs/created.ts';
import type { OnRepository } from '../routing/exchange.ts';
import type { Services } from '../services.ts';
import { blobKey } from '../storage/blob-keys.ts';
import type { BlobKey } from '../storage/blob-store.ts';
import { checkContentRange, offsetOf } from './content-range.ts';
import { progress } from './progress.ts';
import { receiveBody, type Received } from './receive-body.ts';

type OfRepository = OnRepository<{ kind: string; repository: RepositoryName }>;

/** Ends an upload under the digest that the client names (end-6); the last bytes, or all of them, may come along. */
export async function completeUpload(
  exchange: OnRepository<{ kind: string; repository: RepositoryName; upload: string }>,
): Promise<void> {
  const { query, request, http } = exchange;
  const named = query.get('digest');
  const digest = named === null ? undefined : parseDigest(named);
  if (!digest)
    throw digestInvalid('the digest of the whole blob is needed: ?digest=sha256:… or ?digest=sha512:…', named ?? '');
  try {
    await finishUpload(exchange, request.upload, digest);
  } catch (error) {
    const offset = offsetOf(error);
    if (offset !== undefined) progress(http, request.repository, request.upload, offset);
    throw error;
  }
}

/**
 * Receives what is left, compares the digest, commits the bytes, then makes them visible: bytes before rows, so that a crash
 * between leaves only garbage. An upload whose content is not what it claimed is dropped (R8).
 * @throws DIGEST_INVALID, RANGE_INVALID, BLOB_UPLOAD_UNKNOWN
 */
export async function finishUpload(exchange: OfRepository, uploadId: string, digest: Digest): Promise<void> {
  const { ctx, request, repository, services, http } = exchange;
  const { blobStore, logger } = services;
  const claim = await claimUpload(ctx, repository.id, uploadId);
  try {
    checkContentRange(http.get('Content-Range'), http.get('Content-Length'), claim.upload.offset);
  } catch (error) {
    await releaseClaim(ctx, claim);
    throw error;
  }
  const startsHere = claim.upload.offset === 0;
  const adapted: UploadClaim = startsHere ? withAlgorithm(claim, digest) : claim;
  const received = await receiveBody(ctx, services, adapted, http.req);
  const key = blobKey(digest, uploadId);
  const matches =
    algorithmOf(received.digest) === algorithmOf(digest)
      ? received.digest === digest
      : await matchesStored(services, uploadId, key, received, digest);
  if (!matches) {
    await dropUpload(ctx, uploadId);
    await blobStore.discard(uploadId);
    throw digestInvalid(`the content is not that of the digest; it is ${received.digest}`, digest);
  }
  await blobStore.commit(uploadId, key, received.parts, digest);
  await ctx.faults?.('upload.committed');
  const { superfluous } = await linkBlob(ctx, repository.id, uploadId, {
    digest,
    size: received.offset,
    storageKey: key,
  });
  if (superfluous) {
    await blobStore.delete(superfluous as BlobKey).catch((error: unknown) => {
      logger.warn(
        { err: error, key: superfluous },
        'a superfluous object could not be deleted; it stays until it is swept',
      );
    });
  }
  created(http, request.repository, digest);
}

/** Nothing is hashed yet, so the digest that is asked for decides the algorithm. */
function withAlgorithm({ upload, writer }: UploadClaim, digest: Digest): UploadClaim {
  upload.algorithm = algorithmOf(digest);
  upload.hashState = null;
  return { upload, writer };
}

/** The stream was hashed by another algorithm than the one named at its end: hash the stored bytes once more. */
async function matchesStored(
  { blobStore }: Services,
  uploadId: string,
  key: BlobKey,
  { parts }: Received,
  digest: Digest,
): Promise<boolean> {
  await blobStore.commit(uploadId, key, parts, digest);
  const hash = createHash(algorithmOf(digest));
  const bytes = await blobStore.read(key);
  if (bytes) await pipeline(bytes, hash);
  const matches = bytes !== undefined && digest.endsWith(`:${hash.digest('hex')}`);
  if (!matches) await blobStore.delete(key);
  return matches;
}
