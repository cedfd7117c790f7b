import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import {
  mkdir,
  open,
  opendir,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  unlink,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { checkKey } from './blob-keys.ts';
import type { BlobKey, BlobStore, ByteRange, StagedUpload, StoredObject, UploadWriter } from './blob-store.ts';
import { createDurably, syncFolders } from './durable-files.ts';
import { absent, guarded } from './filesystem-errors.ts';
import { FileWriter } from './filesystem-writer.ts';
import { sendFile } from './send-file.ts';

/** The folders of `blobKey`: made before the first blobs come, each of which would have to make its own and wait for it. */
const shards = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, '0'));

const uploadName = /^[0-9a-f-]{36}$/;

/**
 * Blobs as files: `<folder>/blobs/<key>` for objects, `<folder>/uploads/<upload>` while they arrive. An object appears by one
 * rename of a file whose bytes have reached the disk, and so has the rename (temp file, fsync, rename, fsync of folders; D34).
 * A small one is written in its place: what is told of it afterwards, not its name, makes it an object.
 */
export class FilesystemBlobStore implements BlobStore {
  readonly #blobs: string;
  readonly #uploads: string;
  readonly #mark: string;

  constructor({ folder }: { folder: string }) {
    this.#blobs = path.resolve(folder, 'blobs');
    this.#uploads = path.resolve(folder, 'uploads');
    this.#mark = path.resolve(folder, 'blobs-mark');
  }

  async prepare(): Promise<void> {
    await guarded(async () => {
      await mkdir(this.#uploads, { recursive: true, mode: 0o700 });
      const usual = path.join(this.#blobs, 'sha256');
      await mkdir(usual, { recursive: true, mode: 0o700 });
      const there = new Set(await readdir(usual));
      for (const name of shards)
        if (!there.has(name)) await mkdir(path.join(usual, name), { recursive: true, mode: 0o700 });
      // Also what was there: who made it may have been killed before this. What is put into them lasts only if they do.
      await syncFolders(usual, this.#blobs);
    });
  }

  async check(): Promise<void> {
    await guarded(async () => {
      const probe = path.join(this.#uploads, `.probe-${randomUUID()}`);
      await writeFile(probe, '');
      await unlink(probe);
    });
  }

  openUpload(upload: string, { parts }: StagedUpload): UploadWriter {
    const offset = parts.reduce((sum, part) => sum + part.length, 0);
    return new FileWriter(this.#staging(upload), offset, {
      appear: (key) => this.#appear(upload, key),
      sizeOf: async (key) => (await this.stat(key))?.size,
    });
  }

  async put(key: BlobKey, content: Uint8Array): Promise<void> {
    await guarded(() => createDurably(this.#object(key), content));
  }

  async *listStaged(): AsyncIterable<{ upload: string; modifiedAt: Date }> {
    for await (const entry of await guarded(() => opendir(this.#uploads))) {
      if (!uploadName.test(entry.name)) continue;
      const found = await guarded(() => stat(path.join(this.#uploads, entry.name)).catch(absent));
      if (found) yield { upload: entry.name, modifiedAt: found.mtime };
    }
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
      // 256 KiB a read: fewer turns of the event loop for the same bytes. What is small is not worth so much memory.
      const length = range ? range.end - range.start + 1 : Infinity;
      return file?.createReadStream({ highWaterMark: Math.min(length, 256 * 1024), ...range });
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
    await guarded(() => unlink(this.#object(key)).catch(absent));
  }

  async *list(): AsyncIterable<StoredObject> {
    for await (const entry of await guarded(() => opendir(this.#blobs, { recursive: true }))) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      const found = await this.stat(path.relative(this.#blobs, file).split(path.sep).join('/') as BlobKey);
      if (found) yield found;
    }
  }

  async readMark(): Promise<string | undefined> {
    return guarded(() => readFile(this.#mark, 'utf8').catch(absent));
  }

  async writeMark(text: string): Promise<void> {
    await guarded(async () => {
      const draft = `${this.#mark}.${randomUUID()}`;
      await writeFile(draft, text, { mode: 0o600, flush: true });
      await rename(draft, this.#mark);
      await syncFolders(path.dirname(this.#mark));
    });
  }

  async close(): Promise<void> {
    // Every handle is closed by the operation that opened it.
  }

  #staging(upload: string): string {
    if (!uploadName.test(upload)) throw new TypeError('an upload is named by a UUID');
    return path.join(this.#uploads, upload);
  }

  #object(key: BlobKey): string {
    checkKey(key);
    return path.join(this.#blobs, key);
  }

  /** One rename, and the folders that know of it reach the disk. */
  async #appear(upload: string, key: BlobKey): Promise<void> {
    const target = this.#object(key);
    const staged = this.#staging(upload);
    let made: string | undefined;
    if (!(await rename(staged, target).then(() => true, absent))) {
      // The first object of its folder. When it is the staged file that is missing, that is said now.
      made = await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
      await rename(staged, target);
    }
    // The staging folder may forget the rename; what it then holds is swept.
    await syncFolders(path.dirname(target), made);
  }
}

async function openIfThere(file: string, flags: number): Promise<FileHandle | undefined> {
  return open(file, flags, 0o600).catch(absent);
}
