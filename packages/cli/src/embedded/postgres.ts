import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { alive, nodeAbove, runsAs } from './alive.ts';
import { choosePlace, exists, type ClusterPlace } from './cluster-place.ts';
import { initializeCluster } from './initialize-cluster.ts';
import { requireOwnFolder } from './own-folder.ts';
import { postmasterFile, readPostmasterFile, socketFiles, urlOf, type PostmasterFile } from './postmaster-file.ts';
import { readOrCreate } from './private-file.ts';
import { programEnvironment } from './program-environment.ts';
import { ownerPasswordFile } from './running-postgres.ts';
import { keepSmall, openServerLog } from './server-log.ts';
import { owner, prepareRoles, superuser, type ServerPasswords } from './server-roles.ts';
import { settingFlags } from './server-settings.ts';
import { chooseSocketFolder, socketPort } from './socket-folder.ts';
import { claimFromWatchdog, forgetWatchdogs, Watchdog } from './watchdog.ts';

/** A PostgreSQL of our own beside the product, for machines that have none. */
export interface EmbeddedPostgres {
  /** `postgres://…` with the password in it, for a role that owns the database and is no superuser. */
  readonly url: string;
  /** Of the postmaster, as it is now: it changes when the server had to be started again. */
  readonly pid: number;
  /** Ends it as PostgreSQL wants (fast shutdown), within 8 s. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Everything of the cluster lies below; made when absent. */
  readonly folder: string;
  /** `none` gives up durability for speed and lets the role create databases: for tests alone. */
  readonly durability?: 'full' | 'none';
  readonly onEvent?: (message: string) => void;
}

/** Milliseconds that a server gets of which it is not clear whether it comes or goes, and one that says that it does. */
const patience = { silent: 1500, busy: 300_000, unclaimed: 5000 };

/** What PostgreSQL answers while it starts, recovers or ends (`cannot_connect_now`). */
const busy = '57P03';

/**
 * Starts PostgreSQL on a Unix socket that only the server's user can open, making the cluster on first use. A server
 * that a killed product left behind is taken over; when nobody does, it ends after a few seconds. One that dies is started again
 * (P7). A cluster of an earlier version, which belonged to the superuser, is given to the role of the product.
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const folder = path.resolve(options.folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await requireOwnFolder(folder, 'the folder of the embedded database');
  const password = (name: string) => readOrCreate(path.join(folder, name), () => randomBytes(24).toString('base64url'));
  const passwords = { superuser: await password('postgres-password'), owner: await password(ownerPasswordFile) };
  const place = await choosePlace(folder);
  if (!(await exists(path.join(place.cluster, 'PG_VERSION')))) await initializeCluster(place, passwords.superuser);
  const server = new Postmaster({ folder, place, socketFolder: await chooseSocketFolder(place), passwords }, options);
  await server.start();
  return server;
}

/** Where a server lies, and who may connect. */
interface ServerParts {
  /** Only our user can write here. */
  readonly folder: string;
  readonly place: ClusterPlace;
  readonly socketFolder: string;
  readonly passwords: ServerPasswords;
}

class Postmaster implements EmbeddedPostgres {
  readonly #parts: ServerParts;
  readonly #options: PostgresOptions;
  readonly #log: string;
  #pid = 0;
  #stopping = false;
  #watchdog: Watchdog | undefined;
  #watch: NodeJS.Timeout | undefined;
  #endRotation: (() => void) | undefined;

  constructor(parts: ServerParts, options: PostgresOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#log = path.join(parts.folder, 'postgres.log');
  }

  get url(): string {
    return urlOf(this.#address(), { user: owner, password: this.#parts.passwords.owner });
  }

  get pid(): number {
    return this.#pid;
  }

  async start(): Promise<void> {
    const left = await this.#leftBehind();
    if (left) {
      this.#pid = left.pid;
      this.#options.onEvent?.('took over the database server that an earlier start left behind');
      await this.#guard();
      this.#watchOrphan();
    } else {
      await this.#launch();
    }
    this.#endRotation ??= keepSmall(this.#log);
    await prepareRoles(this.#address(), this.#parts.passwords, {
      createsDatabases: this.#options.durability === 'none',
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#endRotation?.();
    clearInterval(this.#watch);
    await this.#shutDown();
    // Not before: when we are killed meanwhile, it goes on.
    await this.#watchdog?.release();
  }

  async #shutDown(pid = this.#pid): Promise<void> {
    if (!alive(pid)) return;
    kill(pid, 'SIGINT');
    for (let waited = 0; waited < 8000; waited += 50) {
      if (!alive(pid)) return;
      await sleep(50);
    }
    // Immediate shutdown: the next start recovers from the log, as after a crash.
    kill(pid, 'SIGQUIT');
  }

  async #guard(): Promise<void> {
    const before = this.#watchdog;
    this.#watchdog = await Watchdog.over(this.#pid, this.#parts.folder);
    await before?.release();
  }

  /**
   * A server that the pid file names and that answers, unless its watchdog ends it: then its end is waited for. A pid alone
   * says nothing: it may be a zombie or another process, and the file is in the hands of the database's user.
   */
  async #leftBehind(): Promise<PostmasterFile | undefined> {
    const { folder, place } = this.#parts;
    const begun = Date.now();
    const within = (milliseconds: number) => Date.now() - begun < milliseconds;
    for (; ; await sleep(100)) {
      const server = await readPostmasterFile(place.cluster);
      if (server === undefined) return undefined;
      const { pid, port } = server;
      const runs = alive(pid) && runsAs(pid, place.user?.uid ?? process.getuid?.());
      const state = runs && port > 0 ? await this.#stateOf(server) : 'silent';
      if (state === 'ours') {
        if (this.#isFormer(server)) await this.#endFormer(pid);
        else if ((await claimFromWatchdog(pid, folder)) || !within(patience.unclaimed)) return server;
      } else if (!runs || !within(patience[state])) {
        // One that was just killed may still be ending its children: it is silent, and alive.
        await rm(postmasterFile(place.cluster), { force: true });
        return undefined;
      }
    }
  }

  /** Servers of earlier versions listen on a TCP port of the loopback interface. */
  #isFormer({ port, socketFolder }: PostmasterFile): boolean {
    return port !== socketPort || socketFolder !== this.#parts.socketFolder;
  }

  async #endFormer(pid: number): Promise<void> {
    const product = nodeAbove(pid);
    if (product !== undefined)
      throw new Error(`an earlier version uses the database, in process ${String(product)}; stop it first`);
    await this.#shutDown(pid);
  }

  async #launch(): Promise<void> {
    const { folder, place, socketFolder } = this.#parts;
    const { binaries, cluster, user } = place;
    await forgetWatchdogs(folder);
    // Nobody serves this cluster now. A server that was killed leaves the lock of its socket, with a process number that
    // another process of the same user may have by now: PostgreSQL would then refuse to start.
    for (const file of socketFiles(socketFolder)) await rm(file, { force: true });
    const log = await openServerLog(this.#log);
    const flags = settingFlags(this.#options.durability ?? 'full');
    const child = spawn(
      path.join(binaries, 'bin', 'postgres'),
      ['-D', cluster, '-k', socketFolder, '-p', String(socketPort), ...flags],
      // A process group of its own: Ctrl-C in the terminal must not end the database before those who use it.
      { cwd: '/', env: programEnvironment(), stdio: ['ignore', log.fd, log.fd], detached: true, ...user },
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
    const server = await readPostmasterFile(this.#parts.place.cluster);
    return server?.pid === this.#pid && server.ready;
  }

  async #stateOf({ port, socketFolder }: PostmasterFile): Promise<'ours' | 'busy' | 'silent'> {
    const { place, passwords } = this.#parts;
    const known = [this.#parts.socketFolder, place.cluster].includes(socketFolder);
    const client = new Client({
      host: known ? socketFolder : '127.0.0.1',
      port,
      user: superuser,
      password: passwords.superuser,
      database: 'postgres',
      connectionTimeoutMillis: 2000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ data_directory: string }>('show data_directory');
      return rows[0]?.data_directory === place.cluster ? 'ours' : 'silent';
    } catch (error) {
      return error instanceof DatabaseError && error.code === busy ? 'busy' : 'silent';
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #lastWords(failure: Error): Promise<string> {
    const log = await readFile(this.#log, 'utf8').catch(() => '');
    return log.trim().split('\n').slice(-3).join(' | ') || failure.message;
  }

  #address(): Pick<PostmasterFile, 'port' | 'socketFolder'> {
    return { port: socketPort, socketFolder: this.#parts.socketFolder };
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already: what we wanted.
  }
}
