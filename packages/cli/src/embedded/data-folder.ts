import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { lockFolder } from './folder-lock.ts';
import { requireOwnFolder } from './own-folder.ts';
import { writePrivateFile } from './private-file.ts';

/** The folder is in use by another start; the message is the one line that a person needs. */
export class DataFolderInUse extends Error {
  override readonly name = 'DataFolderInUse';
}

/** The folder in which everything of one installation lies that is not in an external database or store. */
export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  /** Reads a generated secret, or makes it. The file is 0600; its name says what it is for. @param bytes of randomness */
  secret(name: string, bytes: number): Promise<Buffer>;
  /** The same, without making it. */
  foundSecret(name: string, bytes: number): Promise<Buffer | undefined>;
}

/** The same, held. */
export interface OpenDataFolder extends DataFolder {
  /** Lets another start have the folder. */
  release(): Promise<void>;
}

/**
 * Opens or makes the folder, 0700, for this process alone.
 * @throws DataFolderInUse, or Error with one line for a person when other users could change what lies in the folder
 */
export async function openDataFolder(folder: string): Promise<OpenDataFolder> {
  const absolute = path.resolve(folder);
  await mkdir(absolute, { recursive: true, mode: 0o700 });
  await requireOwnFolder(absolute, 'the data folder');
  const lock = await lockFolder(absolute);
  if ('heldBy' in lock)
    throw new DataFolderInUse(`the data folder ${absolute} is in use by process ${lock.heldBy}; stop it first`);
  return { ...dataFolderOf(absolute), release: () => lock.release() };
}

/** The folder as a process sees it whose parent holds it. */
export function dataFolderOf(absolute: string): DataFolder {
  return {
    path: absolute,
    secret: (name, bytes) => secret(path.join(absolute, name), bytes),
    foundSecret: (name, bytes) => foundSecret(path.join(absolute, name), bytes),
  };
}

async function foundSecret(file: string, bytes: number): Promise<Buffer | undefined> {
  const found = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  const value = Buffer.from(found.trim(), 'base64url');
  if (value.length < bytes) throw new Error(`${file} is damaged: it must hold ${String(bytes)} bytes in base64url`);
  return value;
}

async function secret(file: string, bytes: number): Promise<Buffer> {
  const found = await foundSecret(file, bytes);
  if (found !== undefined) return found;
  const value = randomBytes(bytes);
  // Complete or absent whenever the process ends: what is sealed with a lost key is lost.
  await writePrivateFile(file, `${value.toString('base64url')}\n`);
  return value;
}
