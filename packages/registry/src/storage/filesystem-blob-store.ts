import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, opendir, rename, rm, stat, unlink, writeFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { checkKey } from './blob-keys.ts';
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
import { sendFile } from './send-file.ts';

/**
 * Blobs as files: `<folder>/blobs/<key>` for objects, `<folder>/uploads/<upload>` while they arrive. An object appears by one
 * rename of a file whose bytes have reached the disk, and so has the rename (temp file, fsync, rename, fsync of folders; D34).
 */
export class FilesystemBlobStore implements BlobStore {
  readonly #blobs: string;
  readonly #uploads: string;

  constructor({ folder }: { folder: string }) {
    this.#blobs = path.resolve(folder, 'blobs');
    this.#uploads = path.resolve(folder, 'uploads');
  }

  async prepare(): Promise<void> {
    await guarded(async () => {
      await mkdir(this.#blobs, { recursive: true, mode: 0o700 });
      await mkdir(this.#uploads, { recursive: true, mode: 0o700 });
    });
  }

  async check(): Promise<void> {
    await guarded(async () => {
      const probe = path.join(this.#uploads, `.probe-${randomUUID()}`);
      await writeFile(probe, '');
      await unlink(probe);
    });
  }

  async openPart(upload: string, offset: number): Promise<PartWriter> {
    return guarded(async () => {
      const file = await open(this.#staging(upload), constants.O_WRONLY | constants.O_CREAT, 0o600);
      try {
        const { size } = await file.stat();
        if (size < offset)
          throw new StagedPartsMissing(`the staging file has ${String(size)} of ${String(offset)} bytes`);
        // What lies beyond was never acknowledged.
        if (size > offset) await file.truncate(offset);
      } catch (error) {
        await file.close();
        throw error;
      }
      return new FilePartWriter(file, offset);
    });
  }

  async commit(upload: string, key: BlobKey, parts: readonly StagedPart[]): Promise<void> {
    await guarded(async () => {
      const size = parts.reduce((sum, part) => sum + part.length, 0);
      const staged = this.#staging(upload);
      const target = this.#object(key);
      const file = await openIfThere(
        staged,
        parts.length === 0 ? constants.O_RDWR | constants.O_CREAT : constants.O_RDWR,
      );
      if (!file) {
        // Perhaps an earlier try went through and its answer was lost (D18).
        if ((await this.stat(key))?.size === size) return;
        throw new StagedPartsMissing('the staging file is gone');
      }
      try {
        const found = await file.stat();
        if (found.size < size)
          throw new StagedPartsMissing(`the staging file has ${String(found.size)} of ${String(size)} bytes`);
        if (found.size > size) await file.truncate(size);
        await file.sync();
      } finally {
        await file.close();
      }
      const made = await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
      await rename(staged, target);
      await this.#syncFolders(path.dirname(target), made);
    });
  }

  async discard(upload: string): Promise<void> {
    await guarded(() => rm(this.#staging(upload), { force: true }));
  }

  async stat(key: BlobKey): Promise<StoredObject | undefined> {
    return guarded(async () => {
      const found = await stat(this.#object(key)).catch(absent);
      return found?.isFile() ? { key, size: found.size, modifiedAt: found.mtime } : undefined;
    });
  }

  async read(key: BlobKey, range?: ByteRange): Promise<Readable | undefined> {
    return guarded(async () => {
      const file = await openIfThere(this.#object(key), constants.O_RDONLY);
      // 256 KiB a read: fewer turns of the event loop for the same bytes.
      return file?.createReadStream({ highWaterMark: 256 * 1024, ...range });
    });
  }

  async send(key: BlobKey, sink: Writable, range?: ByteRange): Promise<boolean> {
    return guarded(async () => {
      const file = await openIfThere(this.#object(key), constants.O_RDONLY);
      if (!file) return false;
      try {
        await sendFile(file, sink, range ?? { start: 0, end: (await file.stat()).size - 1 });
        return true;
      } finally {
        await file.close();
      }
    });
  }

  async delete(key: BlobKey): Promise<void> {
    await guarded(async () => {
      const target = this.#object(key);
      await unlink(target).catch(absent);
      // The folder of a digest goes with its last generation; one that is not empty stays.
      await rm(path.dirname(target), { recursive: false }).catch(() => undefined);
    });
  }

  async *list(): AsyncIterable<StoredObject> {
    for await (const entry of await guarded(() => opendir(this.#blobs, { recursive: true }))) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      const found = await this.stat(path.relative(this.#blobs, file).split(path.sep).join('/') as BlobKey);
      if (found) yield found;
    }
  }

  async close(): Promise<void> {
    // Every handle is closed by the operation that opened it.
  }

  #staging(upload: string): string {
    if (!/^[0-9a-f-]{36}$/.test(upload)) throw new TypeError('an upload is named by a UUID');
    return path.join(this.#uploads, upload);
  }

  #object(key: BlobKey): string {
    checkKey(key);
    return path.join(this.#blobs, key);
  }

  /** @param made the topmost folder that was just created, when one was: its parent's entry must last too */
  async #syncFolders(from: string, made: string | undefined): Promise<void> {
    const top = made === undefined ? from : path.dirname(made);
    for (let folder = from; ; folder = path.dirname(folder)) {
      const handle = await open(folder, constants.O_RDONLY);
      await handle.sync().finally(() => handle.close());
      if (folder === top || folder === path.dirname(folder)) break;
    }
    const uploads = await open(this.#uploads, constants.O_RDONLY);
    await uploads.sync().finally(() => uploads.close());
  }
}

class FilePartWriter implements PartWriter {
  readonly #file: FileHandle;
  readonly #start: number;
  #length = 0;

  constructor(file: FileHandle, offset: number) {
    this.#file = file;
    this.#start = offset;
  }

  async write(piece: Uint8Array): Promise<void> {
    await guarded(async () => {
      for (let done = 0; done < piece.length;) {
        const { bytesWritten } = await this.#file.write(piece, done, piece.length - done, this.#start + this.#length);
        done += bytesWritten;
        this.#length += bytesWritten;
      }
    });
  }

  async flush(): Promise<StagedPart[]> {
    await guarded(() => this.#file.close());
    return this.#length === 0 ? [] : [{ offset: this.#start, length: this.#length }];
  }

  async abort(): Promise<void> {
    await this.#file.close().catch(() => undefined);
  }
}

async function openIfThere(file: string, flags: number): Promise<FileHandle | undefined> {
  return open(file, flags, 0o600).catch(absent);
}

function absent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}

const words: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'the folder may not be accessed',
  EPERM: 'the folder may not be accessed',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EIO: 'the disk reports an error',
  ENOTDIR: 'a file stands where a folder should be',
  ENOENT: 'the folder is gone',
};

/** Turns failures of the file system into the one error that means "the store, not the request". */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !(code in words)) throw error;
    throw new StoreUnavailable(`the blob folder cannot be used: ${words[code] ?? code}`, { cause: error });
  }
}
