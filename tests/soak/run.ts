import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Shop } from '../crash/caller.ts';
import { Customer } from '../crash/customer.ts';
import { Gate } from '../crash/gate.ts';
import { Ledger } from '../crash/ledger.ts';
import { verify } from '../crash/verify.ts';
import { residentOf } from '../support/memory.ts';
import { applicationToken } from '../support/application-token.ts';
import { collect } from '../support/collect.ts';
import { OciClient } from '../support/oci.ts';
import { seededRandom } from '../support/random.ts';
import { signIn } from '../support/sign-in.ts';
import { startStack } from '../support/stack.ts';

export interface SoakReport {
  readonly minutes: number;
  /** Requests that were acknowledged with a change. */
  readonly changes: number;
  /** Reads of acknowledged things, all of them hashed. */
  readonly read: number;
  /** Resident MiB of the server, one sample each ten seconds. */
  readonly memory: readonly number[];
  /** Lost, wrong, back again, 5xx; in words. */
  readonly complaints: readonly string[];
}

const customers = 4;
/** Milliseconds between two rounds in which everything acknowledged is read and hashed. */
const roundEvery = 20_000;

/**
 * Customers push, pull, sign, mount, tag and delete without a pause; every 20 seconds garbage is collected without grace, then
 * they are held up while everything that was acknowledged is read and hashed (L10).
 */
export async function soak({
  minutes,
  seed,
  blobStore,
  onRound,
}: {
  minutes: number;
  seed: number;
  blobStore: 'filesystem' | 'azurite';
  onRound?: (line: string) => void;
}): Promise<SoakReport> {
  const folder = await mkdtemp(path.join(tmpdir(), 'escale-soak-'));
  const stack = await startStack({ blobStore, environment: { ESCALE_LOG_LEVEL: 'warn' } });
  const memory: number[] = [];
  const sampling = setInterval(() => memory.push(residentOf(stack.pid).now), 10_000);
  try {
    const random = seededRandom(seed);
    const shop: Shop = {
      client: new OciClient(stack.url, await applicationToken(await signIn(stack, 'alice'), 'soak')),
      ledger: new Ledger(path.join(folder, 'journal')),
      gate: new Gate(),
      complaints: [],
      stopped: false,
      acknowledged: 0,
    };
    const work = Array.from({ length: customers }, (_, index) =>
      new Customer(shop, seededRandom(random.between(1, 2 ** 31)), `s${String(index)}`).work(),
    );
    const until = Date.now() + minutes * 60_000;
    let read = 0;
    while (Date.now() < until && shop.complaints.length < 20) {
      await sleep(Math.min(roundEvery, until - Date.now()));
      if (blobStore === 'filesystem') await collect(stack);
      shop.gate.close();
      await shop.gate.empty();
      const found = await verify(shop.client, shop.ledger);
      read += found.read;
      shop.complaints.push(...found.complaints);
      onRound?.(
        `${String(shop.acknowledged)} changes, ${String(found.read)} read, ${String(residentOf(stack.pid).now)} MiB, ` +
          `${String(shop.complaints.length)} complaints`,
      );
      shop.gate.open();
    }
    shop.stopped = true;
    await Promise.all(work);
    return { minutes, changes: shop.acknowledged, read, memory, complaints: shop.complaints };
  } finally {
    clearInterval(sampling);
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
