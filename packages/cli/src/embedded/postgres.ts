import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { alive } from './alive.ts';
import { choosePlace, exists, serverEnvironment, type ClusterPlace } from './cluster-place.ts';
import { freePort } from './free-port.ts';
import { initializeCluster } from './initialize-cluster.ts';
import { postmasterFile, readPostmasterFile, socketFolderFor, urlOf, type PostmasterFile } from './postmaster-file.ts';
import { claimFromWatchdog, forgetWatchdogs, Watchdog } from './watchdog.ts';

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
  // A slot costs little; each process has pools of its own.
  max_connections: '120',
  huge_pages: 'off',
  jit: 'off',
  // Nobody runs this on a spinning disk: following an index is worth more than PostgreSQL assumes.
  random_page_cost: '1.1',
  // Nothing replicates from here; less is written for the same durability.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '256MB',
  autovacuum_max_workers: '1',
  // A young registry grows from nothing to thousands of rows within a minute, and plans made for nothing would stay.
  autovacuum_naptime: '10s',
  max_parallel_workers: '2',
  logging_collector: 'off',
  log_min_messages: 'warning',
};
const fastSettings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** Milliseconds that a server gets of which it is not clear whether it comes or goes, and one that says that it does. */
const patience = { silent: 1500, busy: 300_000, unclaimed: 5000 };

/** What PostgreSQL answers while it starts, recovers or ends (`cannot_connect_now`). */
const busy = '57P03';

/**
 * Starts PostgreSQL on a Unix socket and the loopback interface, on a port of its own, making the cluster on first use. A server
 * that a killed product left behind is taken over; when nobody does, it ends after a few seconds. One that dies is started again
 * on the same port (P7).
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const folder = path.resolve(options.folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const password = await readOrCreate(path.join(folder, 'postgres-password'), () =>
    randomBytes(24).toString('base64url'),
  );
  const place = await choosePlace(folder);
  if (!(await exists(path.join(place.cluster, 'PG_VERSION')))) await initializeCluster(place, password);
  const server = new Postmaster(place, password, options);
  await server.start();
  return server;
}

class Postmaster implements EmbeddedPostgres {
  readonly #place: ClusterPlace;
  readonly #password: string;
  readonly #options: PostgresOptions;
  #port = 0;
  #socketFolder: string;
  #pid = 0;
  #stopping = false;
  #watchdog: Watchdog | undefined;
  #watch: NodeJS.Timeout | undefined;

  constructor(place: ClusterPlace, password: string, options: PostgresOptions) {
    this.#place = place;
    this.#socketFolder = socketFolderFor(place.cluster);
    this.#password = password;
    this.#options = options;
  }

  get url(): string {
    return urlOf({ port: this.#port, socketFolder: this.#socketFolder }, this.#password);
  }

  get pid(): number {
    return this.#pid;
  }

  async start(): Promise<void> {
    const left = await this.#leftBehind();
    if (left) {
      this.#port = left.port;
      this.#pid = left.pid;
      this.#socketFolder = left.socketFolder;
      this.#options.onEvent?.('took over the database server that an earlier start left behind');
      await this.#guard();
      this.#watchOrphan();
      return;
    }
    if (this.#port === 0) this.#port = await freePort();
    await this.#launch();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#watch);
    await this.#shutDown();
    // Not before: when we are killed meanwhile, it goes on.
    await this.#watchdog?.release();
  }

  async #shutDown(): Promise<void> {
    if (!alive(this.#pid)) return;
    kill(this.#pid, 'SIGINT');
    for (let waited = 0; waited < 8000; waited += 50) {
      if (!alive(this.#pid)) return;
      await sleep(50);
    }
    // Immediate shutdown: the next start recovers from the log, as after a crash.
    kill(this.#pid, 'SIGQUIT');
  }

  async #guard(): Promise<void> {
    const before = this.#watchdog;
    this.#watchdog = await Watchdog.over(this.#pid, this.#home());
    await before?.release();
  }

  /**
   * A server that answers on the port of a stale pid file, unless its watchdog ends it: then its end is waited for. A pid alone
   * says nothing: it may be a zombie or another process.
   */
  async #leftBehind(): Promise<PostmasterFile | undefined> {
    const begun = Date.now();
    const within = (milliseconds: number) => Date.now() - begun < milliseconds;
    for (; ; await sleep(100)) {
      const server = await readPostmasterFile(this.#place.cluster);
      if (server === undefined) return undefined;
      const { pid, port } = server;
      const state = pid > 0 && port > 0 ? await this.#stateOf(port) : 'silent';
      if (state === 'ours') {
        if ((await claimFromWatchdog(pid, this.#home())) || !within(patience.unclaimed)) return server;
      } else if (!alive(pid) || !within(patience[state])) {
        // One that was just killed may still be ending its children: it is silent, and alive.
        await rm(postmasterFile(this.#place.cluster), { force: true });
        return undefined;
      }
    }
  }

  async #launch(): Promise<void> {
    const { binaries, cluster, user } = this.#place;
    const chosen = { ...settings, ...(this.#options.durability === 'none' ? fastSettings : {}) };
    const flags = Object.entries(chosen).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    await forgetWatchdogs(this.#home());
    const log = await open(path.join(this.#home(), 'postgres.log'), 'w');
    const child = spawn(
      path.join(binaries, 'bin', 'postgres'),
      ['-D', cluster, '-h', '127.0.0.1', '-k', this.#socketFolder, '-p', String(this.#port), ...flags],
      // A process group of its own: Ctrl-C in the terminal must not end the database before those who use it.
      { cwd: '/', env: serverEnvironment(), stdio: ['ignore', log.fd, log.fd], detached: true, ...user },
    );
    await log.close();
    this.#pid = child.pid ?? 0;
    let failure: Error | undefined;
    child.once('error', (error) => (failure = error));
    child.once('exit', (code, signal) => {
      failure = new Error(`postgres ended (${signal ?? String(code)})`);
    });
    // At once: it must not stay behind when we are killed before it is ready.
    if (child.pid !== undefined) await this.#guard();
    for (let waited = 0; waited < 30_000; waited += 20) {
      if (failure) {
        await this.#watchdog?.release();
        throw new Error(`the embedded database did not start: ${await this.#lastWords(failure)}`, { cause: failure });
      }
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
    const server = await readPostmasterFile(this.#place.cluster);
    return server?.pid === this.#pid && server.ready;
  }

  async #stateOf(port: number): Promise<'ours' | 'busy' | 'silent'> {
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
      return rows[0]?.data_directory === this.#place.cluster ? 'ours' : 'silent';
    } catch (error) {
      return error instanceof DatabaseError && error.code === busy ? 'busy' : 'silent';
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #lastWords(failure: Error): Promise<string> {
    const log = await readFile(path.join(this.#home(), 'postgres.log'), 'utf8').catch(() => '');
    return log.trim().split('\n').slice(-3).join(' | ') || failure.message;
  }

  /** Where the cluster lies, beside what is ours. */
  #home(): string {
    return path.dirname(this.#place.cluster);
  }
}

async function readOrCreate(file: string, make: () => string): Promise<string> {
  const found = await readFile(file, 'utf8').catch(() => undefined);
  if (found) return found.trim();
  const value = make();
  await writeFile(file, `${value}\n`, { mode: 0o600 });
  return value;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already: what we wanted.
  }
}
