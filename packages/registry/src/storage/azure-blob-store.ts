import { createHash } from 'node:crypto';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RestError, type BlockBlobClient, type ContainerClient } from '@azure/storage-blob';
import { blobKey, generationOf } from './blob-keys.ts';
import {
  StagedPartsMissing,
  StoreUnavailable,
  type BlobKey,
  type BlobStore,
  type ByteRange,
  type PartWriter,
  type StagedPart,
  type StoredObject,
} from './blob-store.ts';
import { acquireBuffer, blockSize, tryAcquireBuffer } from './block-buffers.ts';

/**
 * Blobs as block blobs named `data/<generation>`: the generation is the upload's id, so blocks are staged on the very blob
 * that they become, and nothing is ever copied or renamed (decision 6). Block ids come from byte offsets: a repeated request
 * overwrites its own blocks (D17). Staged blocks that are never committed vanish at the service after seven days.
 */
export class AzureBlobStore implements BlobStore {
  readonly #container: ContainerClient;

  constructor({ container }: { container: ContainerClient }) {
    this.#container = container;
  }

  async prepare(): Promise<void> {
    await guarded(() => this.#container.createIfNotExists());
  }

  async check(signal?: AbortSignal): Promise<void> {
    await guarded(() => this.#container.getProperties(signal ? { abortSignal: signal } : {}));
  }

  async openPart(upload: string, offset: number): Promise<PartWriter> {
    return new BlockWriter(this.#data(upload), offset, await acquireBuffer());
  }

  async commit(upload: string, key: BlobKey, parts: readonly StagedPart[], digest: string): Promise<void> {
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    const blob = this.#data(upload);
    try {
      await blob.commitBlockList(
        parts.map(({ offset }) => blockId(offset)),
        { metadata: { digest }, conditions: { ifNoneMatch: '*' } },
      );
    } catch (error) {
      // It may have gone through with its answer lost: then what is there is what we want (D18).
      const stored = await this.stat(key).catch(() => undefined);
      if (stored?.size === size && (await this.#digest(blob)) === digest) return;
      if (error instanceof RestError && error.code === 'InvalidBlockList') {
        throw new StagedPartsMissing('the store no longer holds the staged blocks', { cause: error });
      }
      throw unavailable(error);
    }
  }

  async discard(): Promise<void> {
    // Uncommitted blocks cannot be deleted one by one; the service drops them by itself.
  }

  async stat(key: BlobKey): Promise<StoredObject | undefined> {
    return orAbsent(async () => {
      const found = await this.#data(generationOf(key)).getProperties();
      return { key, size: found.contentLength ?? 0, modifiedAt: found.lastModified ?? new Date(0) };
    });
  }

  async read(key: BlobKey, range?: ByteRange): Promise<Readable | undefined> {
    return orAbsent(async () => {
      const blob = this.#data(generationOf(key));
      const answer = range
        ? await blob.download(range.start, range.end - range.start + 1, { maxRetryRequests: 4 })
        : await blob.download(0, undefined, { maxRetryRequests: 4 });
      return Readable.from(guardedPieces(answer.readableStreamBody), { objectMode: false });
    });
  }

  async send(key: BlobKey, sink: Writable, range?: ByteRange): Promise<boolean> {
    const bytes = await this.read(key, range);
    if (!bytes) return false;
    await pipeline(bytes, sink, { end: false });
    return true;
  }

  async delete(key: BlobKey): Promise<void> {
    await guarded(() => this.#data(generationOf(key)).deleteIfExists());
  }

  async *list(): AsyncIterable<StoredObject> {
    const pages = this.#container.listBlobsFlat({ prefix: 'data/', includeMetadata: true });
    try {
      for await (const { name, metadata, properties } of pages) {
        const digest = metadata?.['digest'];
        if (digest === undefined) continue;
        const key = blobKey(digest, name.slice('data/'.length));
        yield { key, size: properties.contentLength ?? 0, modifiedAt: properties.lastModified };
      }
    } catch (error) {
      throw unavailable(error);
    }
  }

  async close(): Promise<void> {
    // The client keeps no connection that must be ended.
  }

  #data(generation: string): BlockBlobClient {
    if (!/^[0-9a-f-]{1,64}$/.test(generation)) throw new TypeError('an upload is named by a UUID');
    return this.#container.getBlockBlobClient(`data/${generation}`);
  }

  async #digest(blob: BlockBlobClient): Promise<string | undefined> {
    return (await guarded(() => blob.getProperties())).metadata?.['digest'];
  }
}

/** Fills one buffer while at most one other is on its way to the service. */
class BlockWriter implements PartWriter {
  readonly #blob: BlockBlobClient;
  #offset: number;
  #buffer: Buffer | undefined;
  #filled = 0;
  #release: () => void;
  #staging: Promise<void> = Promise.resolve();
  #failure: unknown;
  readonly #parts: StagedPart[] = [];

  constructor(blob: BlockBlobClient, offset: number, first: { buffer: Buffer; release: () => void }) {
    this.#blob = blob;
    this.#offset = offset;
    this.#buffer = first.buffer;
    this.#release = first.release;
  }

  async write(piece: Uint8Array): Promise<void> {
    for (let done = 0; done < piece.length;) {
      if (!this.#buffer) throw new Error('a writer cannot go on after its end');
      const take = Math.min(piece.length - done, blockSize - this.#filled);
      this.#buffer.set(piece.subarray(done, done + take), this.#filled);
      this.#filled += take;
      done += take;
      if (this.#filled === blockSize) await this.#stageFull(this.#buffer);
    }
  }

  async flush(): Promise<StagedPart[]> {
    try {
      await this.#settled();
      if (this.#buffer && this.#filled > 0) await this.#stage(this.#buffer.subarray(0, this.#filled));
      return this.#parts;
    } finally {
      this.#free();
    }
  }

  async abort(): Promise<void> {
    await this.#staging.catch(() => undefined);
    this.#free();
  }

  /** A second buffer only when one is free at once: waiting for one while holding one could starve everybody. */
  async #stageFull(full: Buffer): Promise<void> {
    await this.#settled();
    const next = tryAcquireBuffer();
    if (!next) {
      await this.#stage(full);
      this.#filled = 0;
      return;
    }
    const release = this.#release;
    this.#staging = this.#stage(full)
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(release);
    this.#buffer = next.buffer;
    this.#release = next.release;
    this.#filled = 0;
  }

  async #settled(): Promise<void> {
    await this.#staging;
    if (this.#failure !== undefined) throw unavailable(this.#failure);
  }

  async #stage(bytes: Buffer): Promise<void> {
    const offset = this.#offset;
    this.#offset += bytes.length;
    // The MD5 is checked by the service: what is staged is what was sent.
    const transactionalContentMD5 = createHash('md5').update(bytes).digest();
    await guarded(() => this.#blob.stageBlock(blockId(offset), bytes, bytes.length, { transactionalContentMD5 }));
    this.#parts.push({ offset, length: bytes.length });
  }

  #free(): void {
    if (!this.#buffer) return;
    this.#buffer = undefined;
    this.#release();
  }
}

/** Twenty digits of the byte offset: all ids of one length, as the service demands. */
function blockId(offset: number): string {
  return Buffer.from(String(offset).padStart(20, '0')).toString('base64');
}

async function* guardedPieces(stream: NodeJS.ReadableStream | undefined): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of stream ?? []) yield piece as unknown as Uint8Array;
  } catch (error) {
    throw unavailable(error);
  }
}

async function orAbsent<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RestError && error.statusCode === 404) return undefined;
    throw unavailable(error);
  }
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw unavailable(error);
  }
}

/** @returns the one error that means "the store, not the request"; its message names no account and no signature */
function unavailable(error: unknown): unknown {
  if (error instanceof StoreUnavailable || error instanceof StagedPartsMissing || error instanceof TypeError)
    return error;
  const status = error instanceof RestError ? (error.code ?? String(error.statusCode ?? '')) : '';
  return new StoreUnavailable(`Azure Blob Storage does not do its part${status ? ` (${status})` : ''}`, {
    cause: error,
  });
}
