import type { Context } from '@escale/domain/context';
import { DomainError } from '@escale/domain/errors';
import { announceUpload, recordChunk, releaseClaim, reportArriving, type UploadClaim } from '@escale/domain/uploads';
import { freeMemory } from '@escale/server-kit/growing-buffer';
import type { Services } from '../services.ts';
import type { UploadWriter } from '../storage/blob-store.ts';
import { UploadHash } from './upload-hash.ts';

/** An upload with all bytes of a request behind those that it held, not yet recorded. The claim is still held. */
export interface Received {
  readonly writer: UploadWriter;
  /** Over all bytes so far. */
  readonly hash: UploadHash;
  /** Bytes so far. */
  readonly offset: number;
}

/** Milliseconds between two words to the database about how much has arrived. */
const reportEvery = 10_000;
/** Milliseconds between two words to whoever watches the repository; an upload that takes less says nothing. */
const tellEvery = 1000;

/**
 * Streams a request's body through the hash into the staging area. When the client goes away midway, what arrived until then
 * is kept and acknowledged, and the upload goes on from there (D22). When anything fails the upload is as it was before.
 * @throws BLOB_UPLOAD_UNKNOWN when the claim was lost, DENIED, StoreUnavailable, or the error by which the client ended early
 */
export async function receiveBody(
  ctx: Context,
  services: Services,
  claim: UploadClaim,
  body: AsyncIterable<Buffer>,
): Promise<Received> {
  const { blobStore, uploadLimits, recentConfigs } = services;
  let writer: UploadWriter | undefined;
  let offset = claim.offset;
  const report = every(reportEvery, () =>
    reportArriving({ em: ctx.em.fork() }, claim, offset - claim.offset, uploadLimits),
  );
  const tell = every(tellEvery, () => announceUpload({ em: ctx.em.fork() }, { uploadId: claim.id, bytes: offset }));
  try {
    const hash = await UploadHash.open(claim.algorithm, claim.hashState);
    const opened = (writer = blobStore.openUpload(claim.id, claim));
    const interrupted = await drain(body, async (piece) => {
      report.check();
      hash.update(piece);
      recentConfigs.note(claim.id, offset, piece);
      await opened.write(piece);
      offset += piece.length;
    });
    const received = { writer, hash, offset };
    if (!interrupted) return received;
    await recordReceived(ctx, services, claim, received);
    throw interrupted;
  } catch (error) {
    await writer?.abort();
    await giveUp(ctx, services, claim);
    throw error;
  } finally {
    report.stop();
    tell.stop();
  }
}

/** Makes durable and acknowledges what was received, and gives the claim back. @returns the new offset */
export async function recordReceived(
  ctx: Context,
  services: Services,
  claim: UploadClaim,
  { writer, hash }: Received,
): Promise<number> {
  try {
    const staged = await writer.flush();
    await ctx.faults?.('upload.staged');
    const offset = await recordChunk(ctx, claim, { staged, hashState: hash.save() });
    await ctx.faults?.('upload.recorded');
    return offset;
  } catch (error) {
    await giveUp(ctx, services, claim);
    throw error;
  }
}

/** Ends a claim after a failure. Where even that fails, the row is put right as soon as the database is back. */
export async function giveUp(ctx: Context, { uploadWriters }: Services, claim: UploadClaim): Promise<void> {
  await releaseClaim(ctx, claim).catch(() => {
    uploadWriters.forsake(claim.writer);
  });
}

/** Reads to the end. @returns the error by which the client's side ended early, when it did */
async function drain(body: AsyncIterable<Buffer>, take: (piece: Buffer) => Promise<void>): Promise<Error | undefined> {
  const pieces = body[Symbol.asyncIterator]();
  for (;;) {
    let next: IteratorResult<Buffer>;
    try {
      next = await pieces.next();
    } catch (error) {
      return error instanceof Error ? error : new Error('the request was cut short');
    }
    if (next.done) return undefined;
    await take(next.value);
    // A piece that shares its memory with others keeps it.
    freeMemory(next.value);
  }
}

/** Does something now and then; `check` throws what it threw, unless the database was merely away for a moment. */
function every(milliseconds: number, work: () => Promise<void>): { check(): void; stop(): void } {
  let refusal: DomainError | undefined;
  const timer = setInterval(() => {
    work().catch((error: unknown) => {
      if (error instanceof DomainError) refusal = error;
    });
  }, milliseconds);
  timer.unref();
  return {
    check: () => {
      if (refusal) throw refusal;
    },
    stop: () => {
      clearInterval(timer);
    },
  };
}
