import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { checkNothingLeaks, PromiseBroken } from '../testing/protocol-checks.ts';
import {
  aroundDeletions,
  aroundTheCollector,
  commandNames,
  commands,
  everything,
  type Protocol,
  type Weights,
} from '../testing/protocol-commands.ts';
import { ProtocolModel } from '../testing/protocol-model.ts';
import { StorageBench, type BenchOptions } from '../testing/storage-bench.ts';
import { SteppedCollection } from '../testing/stepped-collection.ts';
import type { BlobKey } from '../storage/blob-store.ts';
import { purgeUploads } from './purge-uploads.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseServerUrl: string;
  }
}

/** The README's table of commands says how to look longer. */
const runs = Number(process.env['STORAGE_MODEL_RUNS'] ?? 12);
const length = Number(process.env['STORAGE_MODEL_LENGTH'] ?? 80);

/** Lets everything come to rest: what nothing keeps must be gone then (P5). */
async function rest({ bench, collection }: Protocol): Promise<void> {
  bench.store.failing.clear();
  bench.faults = undefined;
  await collection.finish();
  // More than two weeks: no window of a time machine may end with the last run, which would leave blobs to the next.
  for (const hours of [25, 25, 15 * 24, 25, 25]) {
    await bench.pass(hours);
    await purgeUploads(bench.parts);
    await bench.collect();
  }
  await checkNothingLeaks(bench);
}

/** Runs the model. @throws what fast-check found, with how to find it again */
async function explore(bench: StorageBench, weights: Weights, settings: fc.Parameters<unknown>): Promise<void> {
  const property = fc.asyncProperty(commands(length, weights), async (acts) => {
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

  test('has 23 commands', () => {
    expect(commandNames).toHaveLength(23);
  });

  test('keeps promises P1 to P4 after every command, and P5 at the end', { timeout: runs * 10_000 }, async () => {
    await explore(bench, everything, { numRuns: runs });
  });
});

interface Mutant {
  readonly without: string;
  /** Where the model finds it, so that nobody waits for chance; other seeds find it within a few dozen runs. */
  readonly found: { readonly seed: number; readonly path: string };
  readonly statements?: readonly (readonly [said: RegExp, meant: string])[];
  readonly options?: BenchOptions;
  /** Which commands, `aroundTheCollector` when nothing is said. */
  readonly weights?: Weights;
}

/** The protocol with one of its parts taken out: a database or a store that does not hear of it. */
const mutants: readonly Mutant[] = [
  {
    without: 'lease',
    found: { seed: 161993470, path: '1' },
    statements: [[/now\(\) \+ interval '6 hours'/g, 'now()']],
  },
  {
    without: 'hold',
    found: { seed: 1498761259, path: '1' },
    statements: [[/now\(\) \+ interval '24 hours'/g, 'now()']],
  },
  {
    without: 'generation',
    found: { seed: 970160102, path: '0' },
    options: { key: (key) => key.replace(/[^.]+$/, '0'.repeat(36)) as BlobKey },
  },
  {
    without: 'row lock',
    found: { seed: 1038586841, path: '10' },
    statements: [[/for key share of b, l/g, '']],
  },
  {
    without: 're-check',
    found: { seed: 770697260, path: '9' },
    statements: [
      [/and lease_until < now\(\)(?=\s+order by)/g, ''],
      [
        /and not exists \(select 1 from manifest_blobs e where e\.blob_id = b\.id\)\s+and b\.unreferenced_since <= now\(\) - (?=\?)/g,
        'and now() > now() - ',
      ],
    ],
  },
  {
    without: 'refusal to delete what is needed',
    found: { seed: 1, path: '2' },
    weights: aroundDeletions,
    statements: [[/(?=order by m\.created_at limit)/g, 'and false ']],
  },
  {
    without: 'links of a restored image',
    found: { seed: 1, path: '33' },
    weights: aroundDeletions,
    statements: [[/where b\.state = 'live'(?= and b\.id in \(select e\.blob_id)/g, 'where false']],
  },
  {
    without: 'children of a restored index',
    found: { seed: 1, path: '2' },
    weights: aroundDeletions,
    statements: [
      [/update manifests set deleted_at = null(?= where id = any)/g, 'update manifests set deleted_at = now()'],
    ],
  },
];

describe('the model finds out when the protocol lacks its', () => {
  test.each(mutants)('$without', { timeout: 300_000 }, async ({ found, statements = [], options, weights }) => {
    const bench = await StorageBench.open(inject('databaseServerUrl'), options);
    bench.database.rewriteStatements((sql) => statements.reduce((text, part) => text.replace(...part), sql));
    try {
      await expect(explore(bench, weights ?? aroundTheCollector, { numRuns: 60, ...found })).rejects.toMatchObject({
        cause: expect.any(PromiseBroken) as unknown,
      });
    } finally {
      await bench.close();
    }
  });
});
