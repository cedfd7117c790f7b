import type { IncomingMessage } from 'node:http';
import { digestOf, type Digest } from '@escale/schema/values';
import type { Context } from '@escale/domain/context';
import { uploadUnknown } from '@escale/domain/errors';
import { recordChunk, releaseClaim, renewClaim, renewEvery, type UploadClaim } from '@escale/domain/uploads';
import type { Services } from '../services.ts';
import type { PartWriter, StagedPart } from '../storage/blob-store.ts';
import { openHasher } from './hasher.ts';

/** Where an upload stands after a request's bytes. */
export interface Received {
  readonly offset: number;
  readonly parts: readonly StagedPart[];
  /** Of all bytes so far, by the upload's own algorithm. */
  readonly digest: Digest;
}

/**
 * Streams a request's body through the hash into the staging area and records it. When the client goes away midway, what
 * arrived until then is kept and acknowledged: the upload goes on from there (D22).
 * @throws BLOB_UPLOAD_UNKNOWN when the claim was lost, StoreUnavailable; the offset is then as before
 */
export async function receiveBody(
  ctx: Context,
  { blobStore }: Services,
  claim: UploadClaim,
  body: IncomingMessage,
): Promise<Received> {
  const { upload } = claim;
  const hasher = await openHasher(upload.algorithm, upload.hashState);
  const keepClaim = keepAlive(ctx, claim);
  let writer: PartWriter | undefined;
  try {
    writer = await blobStore.openPart(upload.id, upload.offset);
    const interrupted = await drain(body, async (piece) => {
      if (keepClaim.lost) throw uploadUnknown();
      hasher.update(piece);
      await writer?.write(piece);
    });
    const parts = await writer.flush();
    await ctx.faults?.('upload.staged');
    const hashState = hasher.save();
    const progress = await recordChunk(ctx, claim, { parts, hashState });
    await ctx.faults?.('upload.recorded');
    if (interrupted) throw interrupted;
    return { ...progress, digest: digestOf(upload.algorithm, hasher.digest('hex')) };
  } catch (error) {
    await writer?.abort();
    await releaseClaim(ctx, claim).catch(() => undefined);
    throw error;
  } finally {
    keepClaim.stop();
  }
}

/** Reads to the end. @returns the error by which the client's side ended early, when it did */
async function drain(body: IncomingMessage, take: (piece: Buffer) => Promise<void>): Promise<Error | undefined> {
  const pieces = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    let next: IteratorResult<Buffer>;
    try {
      next = await pieces.next();
    } catch (error) {
      return error instanceof Error ? error : new Error('the request was cut short');
    }
    if (next.done) return undefined;
    await take(next.value);
  }
}

function keepAlive(ctx: Context, claim: UploadClaim): { readonly lost: boolean; stop(): void } {
  const state = { lost: false };
  const em = ctx.em.fork();
  const timer = setInterval(() => {
    renewClaim({ em }, claim).then(
      (held) => {
        state.lost = !held;
      },
      // A database that is away for a moment: the claim lasts longer than a renewal, and recording checks it again.
      () => undefined,
    );
  }, renewEvery);
  timer.unref();
  return {
    get lost() {
      return state.lost;
    },
    stop: () => {
      clearInterval(timer);
    },
  };
}
