import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { applicationToken } from '../support/application-token.ts';
import { collect } from '../support/collect.ts';
import { OciClient } from '../support/oci.ts';
import { seededRandom, type Random } from '../support/random.ts';
import { signIn } from '../support/sign-in.ts';
import { startStack, type Stack } from '../support/stack.ts';
import type { Shop } from './caller.ts';
import { Customer } from './customer.ts';
import { Gate } from './gate.ts';
import { Ledger } from './ledger.ts';
import { leftOver } from './left-over.ts';
import { verify } from './verify.ts';

export interface CrashOptions {
  readonly kills: number;
  readonly seed: number;
  readonly blobStore: 'filesystem' | 'azurite';
  /** Holds the product's data, the journal and the count; a run with the same folder goes on where the last one ended. */
  readonly folder: string;
  /** Ends earlier than `kills` asks for. */
  readonly minutes?: number;
  /** Milliseconds of work between two kills, at most. */
  readonly pause?: number;
  readonly onKill?: (line: string) => void;
}

export interface CrashReport {
  /** In this folder, earlier runs included. */
  readonly kills: number;
  readonly byVictim: Readonly<Record<string, number>>;
  /** Acknowledged changes in this run. */
  readonly acknowledged: number;
  /** Reads of acknowledged things, all of them hashed. */
  readonly read: number;
  /** Lost, wrong, back again, or answered as nothing should be answered; in words. */
  readonly complaints: readonly string[];
}

const customers = 4;
const points = [
  ...['upload.staged', 'upload.recorded', 'upload.committed', 'blob.linking', 'blob.linked', 'blob.mounting'],
  ...['manifest.storing', 'manifest.stored', 'manifest.deleting', 'blob.unlinking'],
];

interface State {
  /** Its data have grown old; it cannot be gone on with. */
  ended?: true;
  kills: number;
  byVictim: Record<string, number>;
  demoPassword: string;
  credentials: { username: string; password: string };
}

/**
 * Kills the server and its PostgreSQL in turn, at random moments and at named places, while customers push, pull, tag, mount
 * and delete; after each restart everything acknowledged is read and hashed (D12–D15).
 */
export async function crash(options: CrashOptions): Promise<CrashReport> {
  mkdirSync(options.folder, { recursive: true, mode: 0o755 });
  const stateFile = path.join(options.folder, 'state.json');
  const before = existsSync(stateFile) ? (JSON.parse(readFileSync(stateFile, 'utf8')) as State) : undefined;
  if (before?.ended) throw new Error(`the run in ${options.folder} has ended; begin another in another folder`);
  const stack = await startStack({
    blobStore: options.blobStore,
    entry: path.join(import.meta.dirname, 'product.ts'),
    dataDir: path.join(options.folder, 'data'),
    // What a kill leaves unfinished counts for an hour: more than a namespace may have.
    environment: { ESCALE_LOG_LEVEL: 'error', ESCALE_UPLOAD_SESSIONS: '1000000' },
    ...(before && { demoPassword: before.demoPassword }),
  });
  try {
    const state = before ?? {
      kills: 0,
      byVictim: {},
      demoPassword: stack.demoPassword,
      credentials: await applicationToken(await signIn(stack, 'alice'), 'crash'),
    };
    const save = () => {
      writeFileSync(stateFile, JSON.stringify(state), { mode: 0o600 });
    };
    save();
    return await rounds(options, stack, state, save);
  } finally {
    await stack.stop();
    writeFileSync(path.join(options.folder, 'product.log'), stack.logs());
  }
}

async function rounds(options: CrashOptions, stack: Stack, state: State, save: () => void): Promise<CrashReport> {
  // The choices go on, they do not begin again.
  const random = seededRandom(options.seed + state.kills);
  const shop: Shop = {
    client: new OciClient(stack.url, state.credentials),
    ledger: new Ledger(path.join(options.folder, 'journal')),
    gate: new Gate(),
    complaints: [],
    stopped: false,
    acknowledged: 0,
  };
  const work = Array.from({ length: customers }, (_, index) =>
    new Customer(shop, seededRandom(random.between(1, 2 ** 31)), `c${String(index)}`).work(),
  );
  const until = Date.now() + (options.minutes ?? Infinity) * 60_000;
  let read = 0;
  while (state.kills < options.kills && Date.now() < until) {
    const victim = await kill(options, stack, random, shop.gate);
    await shop.gate.empty();
    const found = await verify(shop.client, shop.ledger);
    read += found.read;
    shop.complaints.push(...found.complaints);
    state.kills += 1;
    state.byVictim[victim] = (state.byVictim[victim] ?? 0) + 1;
    save();
    options.onKill?.(
      `${new Date().toISOString().slice(14, 23)} ` +
        `${String(state.kills)} ${victim}: ${String(found.read)} read, ${String(shop.complaints.length)} complaints`,
    );
    shop.gate.open();
    if (shop.complaints.length > 20) break;
  }
  shop.stopped = true;
  shop.gate.open();
  await Promise.all(work);
  const { kills, byVictim } = state;
  // On the emulator a second process would start a second one over the same files.
  if (options.blobStore === 'filesystem') await collect(stack);
  const after = await verify(shop.client, shop.ledger);
  shop.complaints.push(...after.complaints);
  read += after.read;
  if (kills >= options.kills && options.blobStore === 'filesystem') {
    shop.complaints.push(...(await leftOver(stack)));
    // Two months have passed there: what was acknowledged without a tag is rightly gone.
    state.ended = true;
    save();
  }
  return { kills, byVictim, acknowledged: shop.acknowledged, read, complaints: shop.complaints };
}

/** Lets the customers work for a while, then kills; resolves when the product serves again, with the gate closed. */
async function kill(options: CrashOptions, stack: Stack, random: Random, gate: Gate): Promise<string> {
  const choice = random.next();
  const pause = random.between(20, options.pause ?? 400);
  const victim =
    options.blobStore === 'azurite' || choice < 0.3
      ? 'server'
      : choice < 0.6
        ? 'fault point'
        : choice < 0.9
          ? 'database'
          : 'both';
  if (victim === 'fault point' || (options.blobStore === 'azurite' && choice < 0.5)) {
    stack.send({ point: random.pick(points), after: random.between(1, 6) });
    // Not every point is passed soon: then it is a kill at a random moment.
    await stack.endsWithin(1500);
    gate.close();
    await stack.kill9();
    await stack.restart();
    return 'fault point';
  }
  await sleep(pause);
  if (victim === 'server') {
    gate.close();
    await stack.kill9();
    await stack.restart();
    return victim;
  }
  process.kill(postmaster(stack.dataDir), 'SIGKILL');
  if (victim === 'both') {
    gate.close();
    await stack.kill9();
    await stack.restart();
  } else {
    // Some requests meet the absence.
    await sleep(random.between(0, 100));
    gate.close();
  }
  await untilAsGoodAsNew(stack);
  return victim;
}

function postmaster(dataDir: string): number {
  const elsewhere = path.join(dataDir, 'database/database-lies-in');
  const home = existsSync(elsewhere) ? readFileSync(elsewhere, 'utf8').trim() : path.join(dataDir, 'database');
  return Number(readFileSync(path.join(home, 'cluster/postmaster.pid'), 'utf8').split('\n')[0]);
}

async function untilAsGoodAsNew(stack: Stack): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 50) {
    const answer = await fetch(`${stack.url}/health/ready`).catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(50);
  }
  throw new Error(`the product did not recover within 30 s:\n${stack.logs().slice(-2000)}`);
}
