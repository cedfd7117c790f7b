import type { Readable, Writable } from 'node:stream';
import {
  StoreUnavailable,
  type BlobKey,
  type BlobStore,
  type ByteRange,
  type StagedUpload,
  type StoredObject,
  type UploadWriter,
} from '../storage/blob-store.ts';

/** What a store may be made to refuse. */
export type StoreFault = 'stage' | 'commit' | 'read' | 'delete' | 'list';

/**
 * A real store under a test's hands: it lives in the test's time, and fails when told to. What reaches the bytes is the real
 * store's work.
 */
export class BenchStore implements BlobStore {
  readonly #store: BlobStore;
  /** Milliseconds by which the test's time was ahead when an object or a staging area was made. */
  readonly #aheadAt = new Map<string, number>();
  readonly #key: (key: BlobKey) => BlobKey;
  readonly failing = new Set<StoreFault>();
  /** Milliseconds by which the test's time is ahead. */
  ahead = 0;

  /** @param key how objects are really called; a store that forgets generations is how D4 is shown to be needed */
  constructor(store: BlobStore, key: (key: BlobKey) => BlobKey = (same) => same) {
    this.#store = store;
    this.#key = key;
  }

  prepare = (): Promise<void> => this.#store.prepare();
  check = (): Promise<void> => this.#store.check();
  close = (): Promise<void> => this.#store.close();
  readMark = (): Promise<string | undefined> => this.#store.readMark();
  writeMark = (text: string): Promise<void> => this.#store.writeMark(text);

  openUpload(upload: string, staged: StagedUpload): UploadWriter {
    this.#refuse('stage');
    this.#aheadAt.set(upload, this.ahead);
    const writer = this.#store.openUpload(upload, staged);
    return {
      write: (piece) => writer.write(piece),
      flush: () => writer.flush(),
      abort: () => writer.abort(),
      commit: async (key, digest) => {
        this.#refuse('commit');
        this.#aheadAt.set(this.#key(key), this.ahead);
        await writer.commit(this.#key(key), digest);
      },
    };
  }

  async put(key: BlobKey, content: Uint8Array, digest: string): Promise<void> {
    this.#refuse('commit');
    this.#aheadAt.set(this.#key(key), this.ahead);
    await this.#store.put(this.#key(key), content, digest);
  }

  discard(upload: string): Promise<void> {
    return this.#store.discard(upload);
  }

  async stat(key: BlobKey): Promise<StoredObject | undefined> {
    this.#refuse('read');
    return this.#store.stat(this.#key(key));
  }

  async read(key: BlobKey, range?: ByteRange): Promise<Readable | undefined> {
    this.#refuse('read');
    return this.#store.read(this.#key(key), range);
  }

  async send(key: BlobKey, sink: Writable, range?: ByteRange): Promise<boolean> {
    this.#refuse('read');
    return this.#store.send(this.#key(key), sink, range);
  }

  async delete(key: BlobKey): Promise<void> {
    this.#refuse('delete');
    await this.#store.delete(this.#key(key));
  }

  async *list(): AsyncIterable<StoredObject> {
    this.#refuse('list');
    for await (const object of this.#store.list()) {
      yield { ...object, modifiedAt: this.#inTestTime(object.key, object.modifiedAt) };
    }
  }

  async *listStaged(): AsyncIterable<{ upload: string; modifiedAt: Date }> {
    this.#refuse('list');
    for await (const area of this.#store.listStaged()) {
      yield { ...area, modifiedAt: this.#inTestTime(area.upload, area.modifiedAt) };
    }
  }

  /** How an object is really called. */
  nameOf(key: BlobKey): BlobKey {
    return this.#key(key);
  }

  /** For the test's own eyes: never refused. */
  look(key: BlobKey): Promise<Readable | undefined> {
    return this.#store.read(this.#key(key));
  }

  #inTestTime(name: string, real: Date): Date {
    return new Date(real.getTime() + (this.#aheadAt.get(name) ?? 0));
  }

  #refuse(fault: StoreFault): void {
    if (this.failing.has(fault)) throw new StoreUnavailable(`the test lets the store refuse to ${fault}`);
  }
}
