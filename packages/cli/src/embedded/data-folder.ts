import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { createHash } from 'node:crypto';
import path from 'node:path';

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
 * Opens or makes the folder, 0700, for this process alone. The lock is a listening socket: it ends with the process however
 * that ends, and no pid can be mistaken for another.
 * @throws DataFolderInUse
 */
export async function openDataFolder(folder: string): Promise<OpenDataFolder> {
  const absolute = path.resolve(folder);
  await mkdir(absolute, { recursive: true, mode: 0o700 });
  const lock = await takeLock(absolute);
  return {
    ...dataFolderOf(absolute),
    release: () =>
      new Promise((resolve) => {
        lock.close(() => {
          resolve();
        });
      }),
  };
}

/** The folder as a process sees it whose parent holds it. */
export function dataFolderOf(absolute: string): DataFolder {
  return {
    path: absolute,
    secret: (name, bytes) => secret(path.join(absolute, name), bytes),
    foundSecret: (name, bytes) => foundSecret(path.join(absolute, name), bytes),
  };
}

/** An abstract socket on Linux: it has no file that could be left behind. Elsewhere a file, removed when nobody answers. */
function lockAddress(folder: string): string {
  const name = `escale-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`;
  return process.platform === 'linux' ? `\0${name}` : path.join(folder, '.lock');
}

async function takeLock(folder: string): Promise<Server> {
  const address = lockAddress(folder);
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(String(process.pid));
  });
  server.unref();
  for (let attempt = 0; ; attempt += 1) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(address, () => {
          server.off('error', reject);
          resolve();
        });
      });
      return server;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      const holder = await holderOf(address);
      if (holder !== undefined || attempt > 0 || address.startsWith('\0')) {
        throw new DataFolderInUse(
          `the data folder ${folder} is in use by process ${holder ?? 'unknown'}; stop it first`,
        );
      }
      await rm(address, { force: true });
    }
  }
}

function holderOf(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(address);
    let text = '';
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('data', (data) => (text += data.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(text || undefined);
    });
  });
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
  // Complete or absent, whenever the process ends: what is sealed with a lost key is lost.
  const draft = `${file}.new`;
  await writeFile(draft, `${value.toString('base64url')}\n`, { mode: 0o600 });
  const handle = await open(draft, 'r');
  await handle.sync().finally(() => handle.close());
  await rename(draft, file);
  return value;
}
