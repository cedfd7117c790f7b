import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { alive } from './alive.ts';
import { programEnvironment } from './program-environment.ts';
import { freePort } from './free-port.ts';
import { requireOwnFolder } from './own-folder.ts';
import { readOrCreate, writePrivateFile } from './private-file.ts';

/** Azure Blob Storage's emulator beside the product: to try the Azure path without an account. For evaluation, not for keeps. */
export interface EmbeddedAzurite {
  readonly connectionString: string;
  stop(): Promise<void>;
}

const account = 'escale';

/** Starts Azurite on the loopback interface with a generated account key; one that dies is started again. */
export async function startAzurite(options: {
  folder: string;
  onEvent?: (message: string) => void;
}): Promise<EmbeddedAzurite> {
  const folder = path.resolve(options.folder);
  await mkdir(path.join(folder, 'blobs'), { recursive: true, mode: 0o700 });
  await requireOwnFolder(folder, 'the folder of Azurite');
  const key = await readOrCreate(path.join(folder, 'account-key'), () => randomBytes(64).toString('base64'));
  const port = await freePort();
  let stopping = false;
  let child = await launch(folder, port, key);
  const revive = async () => {
    for (let pause = 200; !stopping; pause = Math.min(pause * 2, 10_000)) {
      options.onEvent?.('Azurite ended; starting it again');
      await sleep(pause);
      try {
        child = await launch(folder, port, key);
        child.once('exit', () => void revive());
        return;
      } catch (error) {
        options.onEvent?.(error instanceof Error ? error.message : String(error));
      }
    }
  };
  child.once('exit', () => void revive());
  await writePrivateFile(path.join(folder, 'port'), `${String(port)}\n`);
  return {
    connectionString: connectionTo(port, key),
    stop: async () => {
      stopping = true;
      const ended = child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, 'exit');
      child.kill('SIGTERM');
      await Promise.race([ended, sleep(5000, undefined, { ref: false })]);
      child.kill('SIGKILL');
    },
  };
}

/**
 * The connection string of an Azurite that another process runs.
 * @param folder as `startAzurite` has it
 */
export async function runningAzurite(folder: string): Promise<string> {
  const [port, key] = await Promise.all(
    ['port', 'account-key'].map((name) => readFile(path.join(folder, name), 'utf8')),
  );
  return connectionTo(Number(port), key?.trim() ?? '');
}

function connectionTo(port: number, key: string): string {
  return (
    `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};` +
    `BlobEndpoint=http://127.0.0.1:${String(port)}/${account};`
  );
}

/** Milliseconds that one whose parent was killed gets to write down what it knows. */
const farewell = 20_000;

/**
 * One at a time over the same files: each keeps its index in memory and writes all of it, so the one that writes last would
 * make the other's objects be forgotten.
 */
async function predecessorGone(file: string): Promise<void> {
  const pid = Number(await readFile(file, 'utf8').catch(() => ''));
  for (let waited = 0; alive(pid) && waited < farewell; waited += 50) await sleep(50);
  await rm(file, { force: true });
}

async function launch(folder: string, port: number, key: string): Promise<ChildProcess> {
  const pidFile = path.join(folder, 'pid');
  await predecessorGone(pidFile);
  // Beside this file, as source or as built: `.ts` when tests run it, `.js` in the product.
  const entry = path.join(import.meta.dirname, `azurite-child${path.extname(import.meta.filename)}`);
  const child = fork(entry, [JSON.stringify({ folder, port })], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    // Its own key, and none of our secrets.
    env: { ...programEnvironment(), AZURITE_ACCOUNTS: `${account}:${key}` },
    // It is to fit beside the product: its young generation would take 20 MB more for nothing that an emulator is for.
    execArgv: ['--max-semi-space-size=2'],
  });
  await writePrivateFile(pidFile, `${String(child.pid ?? '')}\n`);
  const ready = once(child, 'message').then(() => true);
  const ended = once(child, 'exit').then(() => false);
  const started = await Promise.race([ready, ended, sleep(30_000, false, { ref: false })]);
  if (!started) {
    child.kill('SIGKILL');
    throw new Error('Azurite did not start');
  }
  return child;
}

function once(child: ChildProcess, event: 'exit' | 'message'): Promise<void> {
  return new Promise((resolve) => {
    child.once(event, () => {
      resolve();
    });
  });
}
