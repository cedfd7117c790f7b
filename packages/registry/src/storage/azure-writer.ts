import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { RestError, type BlockBlobClient } from '@azure/storage-blob';
import { unavailable } from './azure-errors.ts';
import {
  StagedPartsMissing,
  StoreUnavailable,
  TooManyParts,
  type BlobKey,
  type StagedPart,
  type StagedUpload,
  type UploadWriter,
} from './blob-store.ts';
import { giveBack, holdSlabs, slabSize, takeSlab, trySlab, type SlabHolder } from './block-memory.ts';

/** Bytes of a block when memory allows. Azure joins 50,000 blocks at most: 195 GiB. */
const blockSize = 4 * 1024 * 1024;
const partLimit = 50_000;

/**
 * Bytes that are left for the next request instead of becoming a block of their own, so that a client that sends many small
 * chunks does not use up the blocks: the more there are already, the larger a block must be.
 */
function tailLimit(parts: number): number {
  if (parts < 10_000) return 32 * 1024;
  return parts < 20_000 ? 256 * 1024 : blockSize;
}

/** Bytes that came in, in slabs of memory, on their way to be one block. */
interface Filling {
  readonly slabs: Buffer[];
  length: number;
}

/** Fills one block while at most one other is on its way to the service. */
export class BlockWriter implements UploadWriter, SlabHolder {
  readonly #blob: BlockBlobClient;
  readonly #parts: StagedPart[];
  readonly #tail: Uint8Array;
  /** Of the first byte that is neither staged nor on its way. */
  #offset: number;
  #filling: Filling = { slabs: [], length: 0 };
  #begun = false;
  #staging: Promise<void> | undefined;
  #failure: unknown;
  lastByte = 0;
  #isAtWork = false;
  #yielding: Promise<void> | undefined;
  #leave: (() => void) | undefined;

  constructor(blob: BlockBlobClient, { parts, tail }: StagedUpload) {
    this.#blob = blob;
    this.#parts = [...parts];
    this.#tail = tail;
    this.#offset = parts.reduce((sum, part) => sum + part.length, 0);
  }

  async write(piece: Uint8Array): Promise<void> {
    await this.#begin();
    await this.#takeTail();
    await this.#append(piece);
    this.lastByte = performance.now();
    this.#isAtWork = false;
  }

  /** A smaller block goes early: a client that pauses keeps no memory from the others (T31). */
  yieldSlabs(): boolean {
    if (this.#isAtWork || this.#yielding || this.#filling.length === 0) return false;
    // What fails shows where it is waited for.
    this.#yielding = this.#stage().catch((error: unknown) => {
      this.#failure ??= error;
    });
    return true;
  }

  async flush(): Promise<StagedUpload> {
    await this.#begin();
    if (!this.#begun) return { parts: this.#parts, tail: this.#tail };
    try {
      await this.#settled();
      if (this.#filling.length >= tailLimit(this.#parts.length)) await this.#stage();
      await this.#settled();
      return { parts: this.#parts, tail: Buffer.concat(contentOf(this.#filling)) };
    } finally {
      this.#free();
    }
  }

  async commit(_key: BlobKey, digest: string): Promise<void> {
    try {
      await this.#begin();
      await this.#takeTail();
      await this.#settled();
      const size = this.#offset + this.#filling.length;
      // A blob that fits into one request needs no blocks, unless blocks of an earlier try lie there uncommitted.
      if (this.#parts.length === 0 && (await this.#create(() => this.#putWhole(digest), { size, digest }))) return;
      await this.#stage();
      await this.#settled();
      if (await this.#create(() => this.#join(digest), { size, digest })) return;
      throw new StoreUnavailable('another blob has the name of this upload');
    } finally {
      this.#free();
    }
  }

  async abort(): Promise<void> {
    await this.#begin();
    await this.#staging;
    this.#free();
  }

  /** From here on the slabs are in use, until the next piece is waited for. */
  async #begin(): Promise<void> {
    this.#isAtWork = true;
    await this.#yielding;
    this.#yielding = undefined;
  }

  async #takeTail(): Promise<void> {
    if (this.#begun) return;
    this.#begun = true;
    await this.#append(this.#tail);
  }

  async #append(piece: Uint8Array): Promise<void> {
    for (let done = 0; done < piece.length;) {
      const filling = await this.#room();
      const slab = filling.slabs[Math.floor(filling.length / slabSize)];
      if (!slab) throw new Error('a block has no room where it should have');
      const at = filling.length % slabSize;
      const take = Math.min(piece.length - done, slab.length - at);
      slab.set(piece.subarray(done, done + take), at);
      filling.length += take;
      done += take;
    }
  }

  /**
   * A block with room for at least one more byte. When memory is short, what has come so far goes as a smaller block: whoever
   * holds memory can always go on, and no slow client keeps it from the others.
   */
  async #room(): Promise<Filling> {
    if (this.#filling.length === blockSize) await this.#stage();
    if (this.#filling.length < this.#filling.slabs.length * slabSize) return this.#filling;
    let slab = trySlab();
    if (!slab && this.#staging) {
      await this.#settled();
      slab = trySlab();
    }
    if (!slab && this.#filling.length > 0) {
      await this.#stage();
      await this.#settled();
    }
    this.#filling.slabs.push(slab ?? (await takeSlab()));
    this.#leave ??= holdSlabs(this);
    return this.#filling;
  }

  /** Sends the block on its way; the next one can be filled meanwhile. */
  async #stage(): Promise<void> {
    await this.#settled();
    if (this.#filling.length === 0) return;
    if (this.#parts.length >= partLimit) throw new TooManyParts('an upload can have 50,000 pieces at most');
    const block = this.#filling;
    const offset = this.#offset;
    this.#filling = { slabs: [], length: 0 };
    this.#offset += block.length;
    this.#staging = this.#send(offset, block)
      .then(
        () => void this.#parts.push({ offset, length: block.length }),
        (error: unknown) => (this.#failure = error),
      )
      .then(() => {
        giveBack(block.slabs);
      });
  }

  async #send(offset: number, block: Filling): Promise<void> {
    const content = contentOf(block);
    const options = { transactionalContentMD5: md5(content) };
    await this.#blob.stageBlock(blockId(offset), () => Readable.from(content), block.length, options);
  }

  async #putWhole(digest: string): Promise<unknown> {
    const content = contentOf(this.#filling);
    const { length } = this.#filling;
    const options = {
      metadata: { digest },
      conditions: { ifNoneMatch: '*' },
      transactionalContentMD5: md5(content),
    };
    return this.#blob.upload(length === 0 ? '' : () => Readable.from(content), length, options);
  }

  async #join(digest: string): Promise<unknown> {
    const blocks = this.#parts.map(({ offset }) => blockId(offset));
    return this.#blob.commitBlockList(blocks, { metadata: { digest }, conditions: { ifNoneMatch: '*' } });
  }

  /**
   * Makes the blob; that it is there already, whole and of this digest, is as good (D18).
   * @returns false when something else is in its place
   */
  async #create(make: () => Promise<unknown>, { size, digest }: { size: number; digest: string }): Promise<boolean> {
    try {
      await make();
      return true;
    } catch (error) {
      const found = await this.#blob.getProperties().catch(() => undefined);
      if (found?.contentLength === size && found.metadata?.['digest'] === digest) return true;
      const code = error instanceof RestError ? error.code : undefined;
      if (code === 'BlobAlreadyExists') return false;
      if (code === 'InvalidBlockList') {
        throw new StagedPartsMissing('the store no longer holds the staged blocks', { cause: error });
      }
      throw unavailable(error);
    }
  }

  async #settled(): Promise<void> {
    await this.#staging;
    this.#staging = undefined;
    if (this.#failure !== undefined) throw unavailable(this.#failure);
  }

  #free(): void {
    this.#leave?.();
    this.#leave = undefined;
    giveBack(this.#filling.slabs);
    this.#filling = { slabs: [], length: 0 };
  }
}

function contentOf({ slabs, length }: Filling): Buffer[] {
  return slabs.map((slab, index) => slab.subarray(0, Math.max(0, Math.min(slabSize, length - index * slabSize))));
}

/** Checked by the service: what is stored is what was sent. */
function md5(content: readonly Buffer[]): Buffer {
  const hash = createHash('md5');
  for (const piece of content) hash.update(piece);
  return hash.digest();
}

/** Twenty digits of the byte offset: all ids of one length, as the service demands. */
function blockId(offset: number): string {
  return Buffer.from(String(offset).padStart(20, '0')).toString('base64');
}
