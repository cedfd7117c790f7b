import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KeycloakAdmin, type AdminCredentials } from './admin.ts';
import { installKeycloak, program } from './distribution.ts';

/** Milliseconds. A first start makes the database; on a busy machine that takes a while. */
const patience = { start: 300_000, stop: 15_000 };

/** A real Keycloak, running. Its realms are what was made through `admin`. */
export interface Keycloak {
  /** `http://localhost:<port>`; a realm's issuer is this with `/realms/<name>`. */
  readonly url: string;
  readonly credentials: AdminCredentials;
  readonly admin: KeycloakAdmin;
  /** Ends all its processes, and leaves its data. */
  stop(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
}

/**
 * Starts Keycloak and waits until it is ready. Installs it first where that was not done yet.
 * @param options.folder where its database is kept, and the credentials of its administrator
 * @param options.port a free one when not given
 * @throws Error with the end of its log when it does not become ready
 */
export async function startKeycloak({ folder, port: wished }: { folder: string; port?: number }): Promise<Keycloak> {
  const home = installKeycloak();
  mkdirSync(folder, { recursive: true });
  const credentials = keptCredentials(path.join(folder, 'administrator.json'));
  const port = wished ?? (await freePort());
  const url = `http://localhost:${String(port)}`;
  let running = await launch(home, folder, port, credentials);
  return {
    url,
    credentials,
    admin: new KeycloakAdmin(url, credentials),
    stop: () => running.stop(),
    restart: async () => {
      running = await launch(home, folder, port, credentials);
    },
  };
}

interface Running {
  stop(): Promise<void>;
}

async function launch(home: string, folder: string, port: number, credentials: AdminCredentials): Promise<Running> {
  const management = await freePort();
  const child = spawn(program(home), ['start', '--optimized', ...options(folder, port, management)], {
    // A group of its own: its script and its Java are ended together, and a Ctrl-C of ours is not theirs.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      KC_BOOTSTRAP_ADMIN_CLIENT_ID: credentials.clientId,
      KC_BOOTSTRAP_ADMIN_CLIENT_SECRET: credentials.clientSecret,
      // The same for a person in Keycloak's own console.
      KC_BOOTSTRAP_ADMIN_USERNAME: credentials.clientId,
      KC_BOOTSTRAP_ADMIN_PASSWORD: credentials.clientSecret,
    },
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (log = (log + data.toString()).slice(-20_000)));
  child.once('error', (error) => (log += error.message));
  const group = new ProcessGroup(child);
  try {
    await untilReady(`http://localhost:${String(management)}/health/ready`, group, () => log);
  } catch (error) {
    await group.stop();
    throw error;
  }
  return group;
}

/** For local use: HTTP on loopback alone, one address whatever the Host header says, no cluster, its database in one file. */
function options(folder: string, port: number, management: number): string[] {
  const database = path.join(path.resolve(folder), 'keycloak');
  return [
    ...['--http-enabled=true', '--http-host=localhost', `--http-port=${String(port)}`],
    `--hostname=http://localhost:${String(port)}`,
    ...['--http-management-host=localhost', `--http-management-port=${String(management)}`],
    `--db-url=jdbc:h2:file:${database};NON_KEYWORDS=VALUE`,
    // Being asked before it is ready is no news.
    ...['--cache=local', '--log-level=info,io.smallrye.health:error'],
  ];
}

async function untilReady(address: string, group: ProcessGroup, log: () => string): Promise<void> {
  for (const until = Date.now() + patience.start; Date.now() < until; await sleep(250)) {
    if (group.hasEnded) throw new Error(`Keycloak ended before it was ready:\n${log()}`);
    const answer = await fetch(address, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
  }
  throw new Error(`Keycloak was not ready within ${String(patience.start / 1000)} s:\n${log()}`);
}

/** A process with all that it started. They end when we do, also when nobody asked. */
class ProcessGroup implements Running {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  hasEnded = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    const onExit = () => {
      this.#signal('SIGKILL');
    };
    process.once('exit', onExit);
    this.#ended = new Promise((resolve) => {
      const end = () => {
        this.hasEnded = true;
        process.off('exit', onExit);
        resolve();
      };
      // `close`: the pipes are closed too, so no process of the group is left that could write.
      child.once('close', end).once('error', end);
    });
  }

  async stop(): Promise<void> {
    this.#signal('SIGTERM');
    const late = setTimeout(() => {
      this.#signal('SIGKILL');
    }, patience.stop);
    await this.#ended;
    clearTimeout(late);
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.hasEnded) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Keycloak takes its first administrator from its first start alone; later ones must know it again. */
function keptCredentials(file: string): AdminCredentials {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as AdminCredentials;
  const credentials = { clientId: 'administrator', clientSecret: randomBytes(24).toString('base64url') };
  writeFileSync(file, JSON.stringify(credentials), { mode: 0o600 });
  return credentials;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, 'localhost', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address) resolve(address.port);
        else reject(new Error('no free port'));
      });
    });
  });
}
