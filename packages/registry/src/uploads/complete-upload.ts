import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { algorithmOf, digestOf, parseDigest, type Digest, type RepositoryName } from '@escale/schema/values';
import { linkBlob } from '@escale/domain/content';
import { digestInvalid, DomainError } from '@escale/domain/errors';
import { claimUpload, completedBefore, dropUpload, type UploadClaim } from '@escale/domain/uploads';
import type { WholeBody } from '@escale/server-kit/read-body';
import { confirm } from '../auth/confirm.ts';
import { created } from '../blobs/created.ts';
import type { OnRepository } from '../routing/exchange.ts';
import type { Services } from '../services.ts';
import { blobKey } from '../storage/blob-keys.ts';
import type { BlobKey } from '../storage/blob-store.ts';
import { answerLinked } from './answer-linked.ts';
import { announcedLength, checkContentRange, offsetOf } from './content-range.ts';
import { progress } from './progress.ts';
import { giveUp, receiveBody, type Received } from './receive-body.ts';
import { again, readSmallBody, takeWholeBlob } from './whole-blob.ts';

type OfRepository = OnRepository<{ kind: string; repository: RepositoryName }>;

/**
 * Ends an upload under the digest that the client names (end-6); the last bytes, or all of them, may come along. A client that lost
 * the answer may send the same request again and gets it once more.
 */
export async function completeUpload(
  exchange: OnRepository<{ kind: string; repository: RepositoryName; upload: string }>,
): Promise<void> {
  const { query, request } = exchange;
  const named = query.get('digest');
  const digest = named === null ? undefined : parseDigest(named);
  if (!digest)
    throw digestInvalid('the digest of the whole blob is needed: ?digest=sha256:… or ?digest=sha512:…', named ?? '');
  const small = await readSmallBody(exchange);
  try {
    if (small && (await takeWholeBlob(exchange, small, digest, request.upload))) return;
    await completeClaimed(exchange, digest, small);
  } finally {
    small?.release();
  }
}

/** @param small the body, where it has been read already */
async function completeClaimed(
  exchange: OnRepository<{ kind: string; repository: RepositoryName; upload: string }>,
  digest: Digest,
  small: WholeBody | undefined,
): Promise<void> {
  const { ctx, request, services, http } = exchange;
  const confirmed = await confirm(exchange);
  try {
    const announced = announcedLength(http.get('Content-Length'));
    const { uploadWriters: writers, uploadLimits: limits } = services;
    const claim = await claimUpload(ctx, { writers, limits }, confirmed.repository.id, {
      id: request.upload,
      announced,
    });
    try {
      checkContentRange(http.get('Content-Range'), http.get('Content-Length'), claim.offset);
    } catch (error) {
      await giveUp(ctx, services, claim);
      throw error;
    }
    await finishUpload(confirmed, claim, digest, small ? again(small) : http.req);
  } catch (error) {
    if (isUnknown(error) && (await completedBefore(ctx, confirmed.repository.id, { id: request.upload, digest }))) {
      created(http, request.repository, digest);
      return;
    }
    const offset = offsetOf(error);
    if (offset !== undefined) progress(http, request.repository, request.upload, offset);
    throw error;
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'BLOB_UPLOAD_UNKNOWN';
}

/**
 * Receives what is left, compares the digest, commits the bytes, then makes them visible: bytes before rows, so that a crash
 * between leaves only garbage. The claim is held until the end; when anything fails the upload is as it was, and the same
 * request may come again. An upload whose content is not what it claimed is dropped (R8).
 * @param options.resumable false when the client was never told of the upload: what it sent until it went away is dropped then
 * @throws DIGEST_INVALID, BLOB_UPLOAD_UNKNOWN, DENIED
 */
export async function finishUpload(
  exchange: OfRepository,
  claim: UploadClaim,
  digest: Digest,
  body: AsyncIterable<Buffer>,
  { resumable = true }: { readonly resumable?: boolean } = {},
): Promise<void> {
  const { ctx, repository, services } = exchange;
  // As long as nothing is hashed, the digest that is asked for decides the algorithm.
  const hashed = claim.offset === 0 ? { ...claim, algorithm: algorithmOf(digest) } : claim;
  const received = await receiveBody(ctx, services, hashed, body).catch(async (error: unknown) => {
    // Where even that fails, the upload expires.
    if (!resumable) await drop(exchange, claim.id).catch(() => undefined);
    throw error;
  });
  try {
    const key = blobKey(digest, claim.id);
    await commitIfSame(exchange, hashed, received, { key, digest });
    services.recentConfigs.complete(claim.id, digest);
    await ctx.faults?.('upload.committed');
    const bytes = { digest, size: received.offset, storageKey: key };
    await answerLinked(exchange, digest, await linkBlob(ctx, repository.id, claim.id, bytes));
  } catch (error) {
    await giveUp(ctx, services, claim);
    throw error;
  }
}

/** @throws DIGEST_INVALID, and nothing of the upload is left */
async function commitIfSame(
  { ctx, services }: OfRepository,
  { id, algorithm }: UploadClaim,
  { writer, hash }: Received,
  { key, digest }: { key: BlobKey; digest: Digest },
): Promise<void> {
  const found = digestOf(algorithm, hash.digest());
  const sameAlgorithm = algorithm === algorithmOf(digest);
  if (sameAlgorithm && found !== digest) await writer.abort();
  else await writer.commit(key, digest);
  // The stream was hashed by another algorithm than the one named at its end: hash the stored bytes once more.
  if (sameAlgorithm ? found === digest : await isStored(services, key, digest)) return;
  await drop({ ctx, services }, id);
  throw digestInvalid(`the content is not that of the digest; it is ${found}`, digest);
}

/** Bytes first: a crash between leaves a row, which expires. */
async function drop({ ctx, services }: Pick<OfRepository, 'ctx' | 'services'>, id: string): Promise<void> {
  await services.blobStore.discard(id);
  await dropUpload(ctx, id);
}

async function isStored({ blobStore }: Services, key: BlobKey, digest: Digest): Promise<boolean> {
  const hash = createHash(algorithmOf(digest));
  const bytes = await blobStore.read(key);
  if (bytes) await pipeline(bytes, hash);
  const same = bytes !== undefined && digest.endsWith(`:${hash.digest('hex')}`);
  if (!same) await blobStore.delete(key);
  return same;
}
