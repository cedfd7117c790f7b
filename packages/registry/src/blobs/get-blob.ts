import type { Context as KoaContext } from 'koa';
import { atLeast, type Digest, type RepositoryName } from '@escale/schema/values';
import { recordCheck } from '@escale/domain/garbage';
import { promiseBlob, type LinkedBlob, type SeenBlob } from '@escale/domain/content';
import { blobQuarantined, blobUnknown, DomainError } from '@escale/domain/errors';
import { holdsAlready } from '../routing/entity-tags.ts';
import type { OnContent } from '../routing/exchange.ts';
import type { BlobKey, ByteRange } from '../storage/blob-store.ts';
import { contentRange, readRanges } from './byte-range.ts';
import { frameRanges } from './byte-ranges.ts';

const octets = 'application/octet-stream';

type BlobExchange = OnContent<{ kind: string; repository: RepositoryName; digest: Digest }, SeenBlob>;

/**
 * HEAD and GET of a blob (end-2). HEAD by somebody who may push is the question "must I send it?", so the answer is a promise
 * (P2), and where the bytes are lost the answer is no. A GET of ranges answers 206: one as it is, several as
 * `multipart/byteranges`.
 */
export async function getBlob(exchange: BlobExchange): Promise<void> {
  const { ctx, request, repository, content, http } = exchange;
  if (!content) throw blobUnknown(request.digest);
  const asksToPush = http.method === 'HEAD' && !content.promised && atLeast(repository.role, 'write');
  const blob = asksToPush ? await promiseBlob(ctx, repository.id, request.digest) : content;
  if (blob.quarantined) throw blobQuarantined(blob.digest);
  http.set('Docker-Content-Digest', blob.digest);
  http.set('ETag', `"${blob.digest}"`);
  http.set('Accept-Ranges', 'bytes');
  // The bytes of a digest never change; who may have them does, so only the client itself may keep them.
  http.set('Cache-Control', 'private, max-age=31536000, immutable');
  http.set('Content-Type', octets);
  if (holdsAlready(http.headers['if-none-match'], blob.digest)) {
    http.status = 304;
    return;
  }
  if (http.method === 'HEAD' || blob.size === 0) {
    http.status = 200;
    if (http.method !== 'HEAD') http.body = Buffer.alloc(0);
    http.length = blob.size;
    return;
  }
  const ranges = rangesAsked(http, blob);
  if (ranges === undefined) await sendRange(exchange, blob, 200, { start: 0, end: blob.size - 1 });
  else if (ranges.length > 1) await sendRanges(exchange, blob, ranges);
  else if (ranges[0]) {
    http.set('Content-Range', contentRange(ranges[0], blob.size));
    await sendRange(exchange, blob, 206, ranges[0]);
  }
}

/** @throws RANGE_INVALID when there is nothing to send */
function rangesAsked(http: KoaContext, { digest, size }: LinkedBlob): readonly ByteRange[] | undefined {
  // With another digest, what the client holds a part of is not this (RFC 9110 §13.1.5).
  const condition = http.get('If-Range');
  const holdsPart = condition === '' || condition === `"${digest}"`;
  const ranges = readRanges(holdsPart ? http.get('Range') : '', size);
  if (ranges !== 'unsatisfiable') return ranges;
  http.set('Content-Range', `bytes */${String(size)}`);
  throw new DomainError('RANGE_INVALID', `the blob has ${String(size)} bytes`);
}

async function sendRange(exchange: BlobExchange, blob: LinkedBlob, status: 200 | 206, range: ByteRange): Promise<void> {
  const { services, http } = exchange;
  await answering(exchange, blob, status, range.end - range.start + 1, async () => {
    if (!(await services.blobStore.send(keyOf(blob), http.res, range))) throw await missingBytes(exchange, blob);
  });
}

async function sendRanges(exchange: BlobExchange, blob: LinkedBlob, ranges: readonly ByteRange[]): Promise<void> {
  const { services, http } = exchange;
  // Asked before the first part's head is written: then it is too late to say so.
  if (!(await services.blobStore.stat(keyOf(blob)))) throw await missingBytes(exchange, blob);
  const { contentType, length, parts, end } = frameRanges(ranges, blob.size, octets);
  http.set('Content-Type', contentType);
  await answering(exchange, blob, 206, length, async () => {
    for (const { head, range } of parts) {
      http.res.write(head);
      if (!(await services.blobStore.send(keyOf(blob), http.res, range))) throw await missingBytes(exchange, blob);
    }
    http.res.write(end);
  });
}

/** Writes an answer past Koa: bytes go from the store to the socket. */
async function answering(
  { http, services }: BlobExchange,
  { digest }: LinkedBlob,
  status: 200 | 206,
  length: number,
  write: () => Promise<void>,
): Promise<void> {
  http.status = status;
  http.length = length;
  http.respond = false;
  http.res.statusCode = status;
  try {
    await write();
    http.res.end();
  } catch (error) {
    if (!http.res.headersSent) {
      http.respond = true;
      throw error;
    }
    // The answer has begun: all that can be told is a broken connection.
    http.res.destroy();
    if (!http.req.destroyed) services.logger.warn({ err: error, digest }, 'a blob could not be sent to its end');
  }
}

const keyOf = ({ storageKey }: LinkedBlob): BlobKey => storageKey as BlobKey;

/**
 * The row lives and the object does not: never wrong bytes, never a 404 that a client would believe (P3, D31). From now on the
 * next push of it is asked to send the bytes.
 */
async function missingBytes({ ctx, services }: BlobExchange, blob: LinkedBlob): Promise<DomainError> {
  const { digest, storageKey } = blob;
  services.logger.error(
    { digest, key: storageKey },
    'the bytes of a blob are missing from the store: it is quarantined',
  );
  await recordCheck(ctx, blob, false);
  return blobQuarantined(digest);
}
