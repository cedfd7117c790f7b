import { createHash, randomBytes } from 'node:crypto';
import { chown, lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ClusterPlace } from './cluster-place.ts';

/** Bytes that the path of a Unix socket may have on every system of ours. */
const pathLimit = 103;

/** Part of the name of the socket only: no server of ours listens on a TCP port. */
export const socketPort = 5432;

const fits = (folder: string): boolean =>
  Buffer.byteLength(path.join(folder, `.s.PGSQL.${String(socketPort)}.lock`)) <= pathLimit;

/**
 * Where a server's Unix socket is to lie: beside its files, or in a short folder that only the user of the server can enter where
 * their path is too long for a socket.
 */
export async function chooseSocketFolder({ cluster, user }: ClusterPlace): Promise<string> {
  if (fits(cluster)) return cluster;
  const key = createHash('sha256').update(cluster).digest('hex').slice(0, 16);
  if (user) {
    const folder = path.join('/var/lib/escale', `${key}-socket`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chown(folder, user.uid, user.gid);
    return folder;
  }
  const base = fits(path.join(tmpdir(), `escale-${key}-00000000`)) ? tmpdir() : '/tmp';
  // Everybody may make folders there: one of another user is left alone.
  for (const suffix of ['', `-${randomBytes(4).toString('hex')}`]) {
    const folder = path.join(base, `escale-${key}${suffix}`);
    await mkdir(folder, { mode: 0o700 }).catch(() => undefined);
    if (await isOurs(folder)) return folder;
  }
  throw new Error(`the path ${cluster} is too long for a Unix socket; choose a shorter data folder`);
}

async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  return found !== undefined && found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
}
