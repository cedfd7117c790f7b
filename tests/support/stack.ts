import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The whole product as its users start it: a process of its own, on a port and a data folder of its own. */
export interface Stack {
  readonly url: string;
  /** What docker writes before a repository name. */
  readonly host: string;
  readonly port: number;
  /** Of the process that was started last; what it started itself hangs below. */
  readonly pid: number;
  readonly dataDir: string;
  readonly demoPassword: string;
  /** Everything it printed. */
  logs(): string;
  /** Ends it as Ctrl-C does. */
  stop(): Promise<void>;
  /** Ends it as Ctrl-C does, and leaves its data. */
  halt(): Promise<void>;
  /** Ends it as a power cut does, and leaves its data. */
  kill9(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Waits until it has ended by itself. @returns false when it has not within these milliseconds */
  endsWithin(milliseconds: number): Promise<boolean>;
  /** Says something to an `entry` of the tests. */
  send(message: object): void;
}

export interface StackOptions {
  readonly blobStore?: 'filesystem' | 'azurite' | 'azure';
  readonly environment?: Readonly<Record<string, string>>;
  /** Throws away what it prints: a benchmark must not read along. */
  readonly quiet?: boolean;
  /** What is run in place of the built command: a way of the tests to start the same product. */
  readonly entry?: string;
  /** A folder that is kept at the end; a fresh one, removed at the end, when not given. */
  readonly dataDir?: string;
  /** Random when not given. */
  readonly demoPassword?: string;
}

const main = path.resolve(import.meta.dirname, '../../packages/cli/dist/main.js');

/** Starts the built product and waits until it is ready. The caller stops it; its data goes then. */
export async function startStack({
  blobStore = 'filesystem',
  environment = {},
  quiet = false,
  entry = main,
  dataDir: kept,
  demoPassword: given,
}: StackOptions = {}): Promise<Stack> {
  const port = await freePortPair();
  const dataDir = kept ?? (await mkdtemp(path.join(tmpdir(), 'escale-test-')));
  const demoPassword = given ?? randomBytes(9).toString('base64url');
  const url = `http://localhost:${String(port)}`;
  let output = '';
  let child: ChildProcess;
  const launch = async () => {
    child = spawn(
      process.execPath,
      [entry, 'start', '--port', String(port), '--data', dataDir, '--blob-store', blobStore],
      {
        env: { ...process.env, ...environment, ESCALE_DEMO_PASSWORD: demoPassword },
        stdio: quiet ? 'ignore' : ['ignore', 'pipe', 'pipe', ...(entry === main ? [] : (['ipc'] as const))],
      },
    );
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data: Buffer) => (output += data.toString()));
    await untilReady(url, child, () => output);
  };
  await launch();
  return {
    url,
    host: `localhost:${String(port)}`,
    port,
    get pid() {
      return child.pid ?? 0;
    },
    dataDir,
    demoPassword,
    logs: () => output,
    stop: async () => {
      await ended(child, 'SIGINT');
      if (kept === undefined) await rm(dataDir, { recursive: true, force: true });
    },
    halt: () => ended(child, 'SIGINT'),
    kill9: () => ended(child, 'SIGKILL'),
    restart: launch,
    endsWithin: (milliseconds) => endsWithin(child, milliseconds),
    send: (message) => {
      child.send(message);
    },
  };
}

async function untilReady(url: string, child: ChildProcess, logs: () => string): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 50) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the product ended with ${String(child.exitCode)}:\n${logs()}`);
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(50);
  }
  throw new Error(`the product was not ready within 60 s:\n${logs()}`);
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  if (await endsWithin(child, 12_000)) return;
  child.kill('SIGKILL');
  throw new Error('the product did not end within 12 s');
}

async function endsWithin(child: ChildProcess, milliseconds: number): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return true;
  const exit = new Promise<true>((resolve) => {
    child.once('exit', () => {
      resolve(true);
    });
  });
  return Promise.race([exit, sleep(milliseconds, false, { ref: false })]);
}

/** A free port whose neighbour is free as well: the operations port is the next one. */
export async function freePortPair(): Promise<number> {
  for (;;) {
    const port = await tryPort(0);
    if (port !== undefined && port < 65_535 && (await tryPort(port + 1)) !== undefined) return port;
  }
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' ? address?.port : undefined);
      });
    });
  });
}
