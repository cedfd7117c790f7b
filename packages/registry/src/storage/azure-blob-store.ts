import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RestError, type BlockBlobClient, type ContainerClient } from '@azure/storage-blob';
import { guarded, unavailable } from './azure-errors.ts';
import { BlockWriter } from './azure-writer.ts';
import { blobKey, generationOf } from './blob-keys.ts';
import type { BlobKey, BlobStore, ByteRange, StagedUpload, StoredObject, UploadWriter } from './blob-store.ts';

/**
 * Blobs as block blobs named `data/<generation>`: the generation is the upload's id, so blocks are staged on the very blob
 * that they become, and nothing is ever copied or renamed. Block ids come from byte offsets: a repeated request
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

  openUpload(upload: string, staged: StagedUpload): UploadWriter {
    return new BlockWriter(this.#data(upload), staged);
  }

  async put(key: BlobKey, content: Uint8Array, digest: string): Promise<void> {
    await new BlockWriter(this.#data(generationOf(key)), { parts: [], tail: content }).commit(key, digest);
  }

  async *listStaged(): AsyncIterable<never> {
    // Uncommitted blocks vanish by themselves.
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

  async readMark(): Promise<string | undefined> {
    return orAbsent(async () => (await this.#container.getBlobClient('mark').downloadToBuffer()).toString());
  }

  async writeMark(text: string): Promise<void> {
    await guarded(() => this.#container.getBlockBlobClient('mark').upload(text, Buffer.byteLength(text)));
  }

  async close(): Promise<void> {
    // The client keeps no connection that must be ended.
  }

  #data(generation: string): BlockBlobClient {
    if (!/^[0-9a-f-]{1,64}$/.test(generation)) throw new TypeError('an upload is named by a UUID');
    return this.#container.getBlockBlobClient(`data/${generation}`);
  }
}

async function* guardedPieces(stream: NodeJS.ReadableStream | undefined): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of stream ?? []) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
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
