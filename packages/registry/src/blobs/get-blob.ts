import { atLeast, type Digest, type RepositoryName } from '@escale/schema/values';
import { promiseBlob, type LinkedBlob } from '@escale/domain/content';
import { blobUnknown, DomainError } from '@escale/domain/errors';
import type { OnContent } from '../routing/exchange.ts';
import type { Services } from '../services.ts';
import type { BlobKey } from '../storage/blob-store.ts';
import { readRange } from './byte-range.ts';

/**
 * HEAD and GET of a blob (end-2). HEAD by somebody who may push is the question "must I send it?", so the answer is a promise
 * (P2). A range answers 206; several ranges in one request are answered by the whole, as HTTP allows.
 */
export async function getBlob({
  ctx,
  request,
  repository,
  content,
  services,
  http,
}: OnContent<{ kind: string; repository: RepositoryName; digest: Digest }, LinkedBlob>): Promise<void> {
  if (!content) throw blobUnknown(request.digest);
  const promised = http.method === 'HEAD' && atLeast(repository.role, 'write');
  const blob = promised ? await promiseBlob(ctx, repository.id, request.digest) : content;
  http.set('Docker-Content-Digest', blob.digest);
  http.set('ETag', `"${blob.digest}"`);
  http.set('Accept-Ranges', 'bytes');
  // The bytes of a digest never change; who may have them does, so only the client itself may keep them.
  http.set('Cache-Control', 'private, max-age=31536000, immutable');
  http.type = 'application/octet-stream';
  if (http.get('If-None-Match').includes(`"${blob.digest}"`)) {
    http.status = 304;
    return;
  }
  const range = readRange(http.get('Range'), blob.size);
  if (range === 'unsatisfiable') {
    http.set('Content-Range', `bytes */${String(blob.size)}`);
    throw new DomainError('RANGE_INVALID', `the blob has ${String(blob.size)} bytes`);
  }
  http.status = range ? 206 : 200;
  http.length = range ? range.end - range.start + 1 : blob.size;
  if (range) http.set('Content-Range', `bytes ${String(range.start)}-${String(range.end)}/${String(blob.size)}`);
  if (http.method === 'HEAD' || blob.size === 0) {
    http.res.statusCode = http.status;
    if (http.method !== 'HEAD') http.body = Buffer.alloc(0);
    return;
  }
  http.respond = false;
  http.res.statusCode = http.status;
  try {
    const bytes = range ?? { start: 0, end: blob.size - 1 };
    if (await services.blobStore.send(blob.storageKey as BlobKey, http.res, bytes)) http.res.end();
    else throw missingBytes(services, blob);
  } catch (error) {
    if (!http.res.headersSent) {
      http.respond = true;
      throw error;
    }
    // The answer has begun: all that can be told is a broken connection.
    http.res.destroy();
    if (!http.req.destroyed)
      services.logger.warn({ err: error, digest: blob.digest }, 'a blob could not be sent to its end');
  }
}

/** The row lives and the object does not: never wrong bytes, never a 404 that a client would believe (P3, D31). */
function missingBytes({ logger }: Services, { digest, storageKey }: LinkedBlob): DomainError {
  logger.error({ digest, key: storageKey }, 'the bytes of a live blob are missing from the store');
  return new DomainError('UNAVAILABLE', 'the bytes of this blob are missing from the store; pushing it again heals it');
}
