import { spawn } from 'node:child_process';
import { lchown, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ClusterPlace } from './cluster-place.ts';
import { writePrivateFile } from './private-file.ts';
import { programEnvironment } from './program-environment.ts';

/** Makes the files of a new cluster, whose superuser `postgres` has this password. @throws Error with the last words of initdb */
export async function initializeCluster(place: ClusterPlace, password: string): Promise<void> {
  const { binaries, home, cluster, user } = place;
  // An earlier attempt that was cut short leaves a folder that initdb refuses.
  await removeCluster(place);
  await mkdir(cluster, { mode: 0o700 });
  if (user) await lchown(cluster, user.uid, user.gid);
  const passwordFile = path.join(home, 'initdb-password');
  await writePrivateFile(passwordFile, password, async (handle) => {
    if (user) await handle.chown(user.uid, user.gid);
  });
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  const access = ['-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const arguments_ = ['-D', cluster, '-E', 'UTF8', ...locale, ...access, '--data-checksums', '--no-instructions'];
  const { code, words } = await run(place, path.join(binaries, 'bin', 'initdb'), arguments_);
  await rm(passwordFile, { force: true });
  if (code !== 0) {
    await removeCluster(place);
    throw new Error(`the embedded database could not be made: ${words.trim().split('\n').slice(-3).join(' | ')}`);
  }
}

/** As the user who owns the files: root must not walk through folders in which that user could put a link meanwhile. */
async function removeCluster(place: ClusterPlace): Promise<void> {
  const { cluster, user } = place;
  // The folder itself lies in one that its owner cannot write to; so `rm` empties it, and does not end well.
  if (user) await run(place, '/bin/rm', ['-rf', '--', cluster]);
  await rm(cluster, { recursive: true, force: true });
}

async function run(
  { user }: ClusterPlace,
  program: string,
  arguments_: readonly string[],
): Promise<{ code: number | null; words: string }> {
  const child = spawn(program, arguments_, {
    cwd: '/',
    env: programEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    ...user,
  });
  let words = '';
  child.stderr.on('data', (data: Buffer) => (words += data.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, words };
}
