import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { socketPort } from './socket-folder.ts';

/** What a server says of itself in the folder of its cluster (`postmaster.pid`). */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  /** Where its Unix socket lies; empty when it has none. */
  readonly socketFolder: string;
  readonly ready: boolean;
}

/** Bytes of the file at most. */
const sizeLimit = 4096;

export const postmasterFile = (cluster: string): string => path.join(cluster, 'postmaster.pid');

/** The Unix socket of a server and the lock beside it, as PostgreSQL names them. */
export const socketFiles = (socketFolder: string): string[] =>
  ['', '.lock'].map((end) => path.join(socketFolder, `.s.PGSQL.${String(socketPort)}${end}`));

/**
 * Reads the file without trusting it: it belongs to the user of the database, so it may be a link, or no file at all.
 * @returns undefined when no server has been there since the last one ended well
 */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  const text = await readSmall(postmasterFile(cluster)).catch(() => undefined);
  if (text === undefined) return undefined;
  const [pid, , , port, socketFolder = '', , , status = ''] = text.split('\n').map((line) => line.trim());
  return { pid: wholeNumber(pid), port: wholeNumber(port), socketFolder, ready: status === 'ready' };
}

async function readSmall(file: string): Promise<string | undefined> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) return undefined;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(sizeLimit), 0, sizeLimit, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

const wholeNumber = (text = ''): number => (/^\d{1,10}$/.test(text) ? Number(text) : 0);

/** Who connects, as the server knows it. */
export interface ServerLogin {
  readonly user: string;
  readonly password: string;
}

/** `postgres://…` for a server, through its Unix socket. */
export function urlOf(server: Pick<PostmasterFile, 'port' | 'socketFolder'>, { user, password }: ServerLogin): string {
  const host = encodeURIComponent(server.socketFolder);
  return `postgres://${user}:${password}@${host}:${String(server.port)}/postgres`;
}
