import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { StagedPartsMissing, type BlobKey, type StagedUpload, type UploadWriter } from './blob-store.ts';
import { absent, guarded, isFull } from './filesystem-errors.ts';

/** What a writer needs of its store: making the staging file an object, and asking whether that has happened. */
export interface Objects {
  appear(key: BlobKey): Promise<void>;
  sizeOf(key: BlobKey): Promise<number | undefined>;
}

/** Appends to the one staging file of an upload, which is opened when the first byte comes. */
export class FileWriter implements UploadWriter {
  readonly #path: string;
  readonly #begin: number;
  readonly #objects: Objects;
  #file: FileHandle | undefined;
  #end: number;

  /** @param begin bytes acknowledged, which the file must hold */
  constructor(file: string, begin: number, objects: Objects) {
    this.#path = file;
    this.#begin = begin;
    this.#end = begin;
    this.#objects = objects;
  }

  async write(piece: Uint8Array): Promise<void> {
    await guarded(async () => {
      const file = (this.#file ??= await this.#open());
      for (let done = 0; done < piece.length;) {
        const { bytesWritten } = await file
          .write(piece, done, piece.length - done, this.#end)
          .catch(async (error: unknown) => {
            if (isFull(error)) await this.#giveBack(file);
            throw error;
          });
        done += bytesWritten;
        this.#end += bytesWritten;
      }
    });
  }

  /** What was not acknowledged is of no use to anybody, and others need the room now, not in a day. */
  async #giveBack(file: FileHandle): Promise<void> {
    this.#end = this.#begin;
    await file.truncate(this.#begin).catch(() => undefined);
  }

  async flush(): Promise<StagedUpload> {
    await guarded(async () => {
      // What is acknowledged must be these bytes after a power cut too, and not merely a file of this length.
      await this.#file?.datasync();
      await this.#close();
    });
    return { parts: this.#end === 0 ? [] : [{ offset: 0, length: this.#end }], tail: new Uint8Array() };
  }

  async commit(key: BlobKey): Promise<void> {
    await guarded(async () => {
      try {
        const file = (this.#file ??= await this.#open());
        await file.datasync();
      } catch (error) {
        // Nothing staged, but the object is there: an earlier try went through and its answer was lost (D18).
        if (error instanceof StagedPartsMissing && (await this.#objects.sizeOf(key)) === this.#end) return;
        throw error;
      } finally {
        await this.#close();
      }
      await this.#objects.appear(key);
    });
  }

  async abort(): Promise<void> {
    await this.#close().catch(() => undefined);
  }

  async #open(): Promise<FileHandle> {
    // Where nothing was acknowledged, what lies there is nobody's.
    if (this.#begin === 0) return open(this.#path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
    const file = await open(this.#path, constants.O_WRONLY).catch(absent);
    if (!file) throw new StagedPartsMissing('the staging file is gone');
    try {
      const { size } = await file.stat();
      if (size < this.#begin) {
        throw new StagedPartsMissing(`the staging file has ${String(size)} of ${String(this.#begin)} bytes`);
      }
      // What lies beyond was never acknowledged.
      if (size > this.#begin) await file.truncate(this.#begin);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}
