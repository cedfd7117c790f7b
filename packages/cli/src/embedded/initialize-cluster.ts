import { spawn } from 'node:child_process';
import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { serverEnvironment, type ClusterPlace } from './cluster-place.ts';

/** Makes the files of a new cluster, whose user `postgres` has this password. @throws Error with the last words of initdb */
export async function initializeCluster({ binaries, cluster, user }: ClusterPlace, password: string): Promise<void> {
  // An earlier try that was cut short leaves a folder that initdb refuses.
  await rm(cluster, { recursive: true, force: true });
  await mkdir(cluster, { mode: 0o700 });
  if (user) await chown(cluster, user.uid, user.gid);
  const passwordFile = path.join(cluster, '..', 'initdb-password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user) await chown(passwordFile, user.uid, user.gid);
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  const access = ['-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const child = spawn(
    path.join(binaries, 'bin', 'initdb'),
    ['-D', cluster, '-E', 'UTF8', ...locale, ...access, '--data-checksums', '--no-instructions'],
    { cwd: '/', env: serverEnvironment(), stdio: ['ignore', 'ignore', 'pipe'], ...user },
  );
  let words = '';
  child.stderr.on('data', (data: Buffer) => (words += data.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  await rm(passwordFile, { force: true });
  if (code !== 0) {
    await rm(cluster, { recursive: true, force: true });
    throw new Error(`the embedded database could not be made: ${words.trim().split('\n').slice(-3).join(' | ')}`);
  }
}
