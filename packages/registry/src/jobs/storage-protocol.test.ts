import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { checkNothingLeaks } from '../testing/protocol-checks.ts';
import { commandNames, commands, type Protocol } from '../testing/protocol-commands.ts';
import { ProtocolModel } from '../testing/protocol-model.ts';
import { StorageBench } from '../testing/storage-bench.ts';
import { SteppedCollection } from '../testing/stepped-collection.ts';
import { purgeUploads } from './purge-uploads.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseServerUrl: string;
  }
}

/** `STORAGE_MODEL_RUNS=5000 STORAGE_MODEL_LENGTH=200 npm test` looks longer. */
const runs = Number(process.env['STORAGE_MODEL_RUNS'] ?? 12);
const length = Number(process.env['STORAGE_MODEL_LENGTH'] ?? 80);

/** Lets everything come to rest: what nothing keeps must be gone then (P5). */
async function rest({ bench, collection }: Protocol): Promise<void> {
  bench.store.failing.clear();
  bench.faults = undefined;
  await collection.finish();
  for (const hours of [25, 25, 8 * 24, 25]) {
    await bench.pass(hours);
    await purgeUploads(bench.parts);
    await bench.collect();
  }
  await checkNothingLeaks(bench);
}

/** Runs the model. @throws what fast-check found, with how to find it again */
async function explore(bench: StorageBench, settings: fc.Parameters<unknown>): Promise<void> {
  const property = fc.asyncProperty(commands(length), async (acts) => {
    await bench.reset();
    const repositories = [await bench.repository(), await bench.repository()];
    const protocol = { bench, repositories, collection: new SteppedCollection(bench) };
    try {
      await fc.asyncModelRun(() => ({ model: new ProtocolModel(), real: protocol }), acts);
      await rest(protocol);
    } finally {
      await protocol.collection.kill();
    }
  });
  await fc.assert(property, { endOnFailure: true, ...settings });
}

describe('the storage protocol as a model', () => {
  let bench: StorageBench;
  beforeAll(async () => {
    bench = await StorageBench.open(inject('databaseServerUrl'));
  });
  afterAll(() => bench.close());

  test('has 22 commands', () => {
    expect(commandNames).toHaveLength(22);
  });

  test('keeps promises P1 to P4 after every command, and P5 at the end', { timeout: runs * 10_000 }, async () => {
    await explore(bench, { numRuns: runs });
  });
});
