import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** What a server says of itself in the folder of its cluster (`postmaster.pid`). */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  /** Where its Unix socket lies; empty when it has none. */
  readonly socketFolder: string;
  readonly ready: boolean;
}

export const postmasterFile = (cluster: string): string => path.join(cluster, 'postmaster.pid');

/** @returns undefined when no server has been there since the last one ended well */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(postmasterFile(cluster), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const [pid, , , port, socketFolder = '', , , status = ''] = text.split('\n').map((line) => line.trim());
  return { pid: Number(pid), port: Number(port), socketFolder, ready: status === 'ready' };
}

/** Bytes that the path of a Unix socket may have on every system of ours. */
const socketPathLimit = 103;

/**
 * Where a server's Unix socket is to lie, which costs a third less than the loopback interface for each statement.
 * @returns an empty text where it can be nowhere: on Windows, and in a folder whose path is too long
 */
export function socketFolderFor(cluster: string): string {
  const fits = Buffer.byteLength(path.join(cluster, '.s.PGSQL.65535.lock')) <= socketPathLimit;
  return fits && process.platform !== 'win32' ? cluster : '';
}

/** `postgres://…` for the server that says this of itself. */
export function urlOf({ port, socketFolder }: Pick<PostmasterFile, 'port' | 'socketFolder'>, password: string): string {
  const host = socketFolder === '' ? '127.0.0.1' : encodeURIComponent(socketFolder);
  return `postgres://postgres:${password}@${host}:${String(port)}/postgres`;
}
