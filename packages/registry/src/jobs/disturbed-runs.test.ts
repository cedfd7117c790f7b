import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Repository } from '@escale/schema/entities';
import { day, text } from '../testing/collection.ts';
import { digestOfText, StorageBench } from '../testing/storage-bench.ts';

let bench: StorageBench;
let acme: Repository;
beforeAll(async () => {
  bench = await StorageBench.open(inject('databaseServerUrl'));
});
afterAll(() => bench.close());
beforeEach(async () => {
  acme = await bench.repository();
});

test('what comes to be needed between the look and the deed is kept (D1)', async () => {
  const layer = text('layer');
  const second = await bench.pushImage(acme, { blobs: [text('config')] });
  await bench.upload(acme, layer);
  await bench.collect();
  await bench.pass(day + 1);
  bench.faults = async (point) => {
    if (point !== 'garbage.planned') return;
    bench.faults = undefined;
    await bench.head(acme, digestOfText(layer));
    await bench.push(acme, { children: [second], tag: 'late' });
  };
  const { items } = await bench.collect();
  expect(items).toContainEqual(expect.objectContaining({ kind: 'manifest', digest: second, outcome: 'kept' }));
  expect(items).toContainEqual(expect.objectContaining({ kind: 'blob', digest: digestOfText(layer), outcome: 'kept' }));
  expect(await bench.present(acme, second)).toEqual([true]);
  expect(await bench.read(acme, digestOfText(layer))).toBe(layer);
});

describe('a run that dies', () => {
  test.each([
    'garbage.planned',
    'garbage.manifests.deleting',
    'garbage.blobs.marking',
    'garbage.blobs.marked',
    'garbage.bytes.deleted',
    'garbage.blobs.deleted',
  ] as const)('at %s leaves nothing that the next run does not finish (D8)', async (deadly) => {
    const layer = text('layer');
    await bench.pushImage(acme, { blobs: [layer] });
    await bench.pass(2 * day);
    bench.faults = (point) => {
      if (point === deadly) throw new Error('killed');
    };
    await expect(bench.collect({ graceSeconds: 0 })).rejects.toThrow('killed');
    bench.faults = undefined;
    // The client comes back at the worst moment.
    await bench.pushImage(acme, { blobs: [layer], tag: '1' });
    await bench.collect({ graceSeconds: 0 });
    expect(await bench.read(acme, digestOfText(layer))).toBe(layer);
    expect(await bench.rows(`select 1 from blobs where state = 'deleting'`)).toEqual([]);
  });

  test('because the store does not delete is repeated, and a push meanwhile is another generation (D4, D7)', async () => {
    const layer = text('layer');
    await bench.upload(acme, layer);
    await bench.pass(2 * day);
    bench.store.failing.add('delete');
    await expect(bench.collect({ graceSeconds: 0 })).rejects.toThrow(/refuse to delete/);
    await expect(bench.push(acme, { blobs: [layer] })).rejects.toMatchObject({ code: 'MANIFEST_BLOB_UNKNOWN' });
    await bench.pushImage(acme, { blobs: [layer], tag: '1' });
    bench.store.failing.clear();
    await bench.collect({ graceSeconds: 0 });
    expect(await bench.read(acme, digestOfText(layer))).toBe(layer);
  });

  test('two runs at once delete everything once', async () => {
    const layers = Array.from({ length: 20 }, () => text('layer'));
    for (const layer of layers) await bench.pushImage(acme, { blobs: [layer] });
    await bench.pass(2 * day);
    await Promise.all([bench.collect({ graceSeconds: 0 }), bench.collect({ graceSeconds: 0 })]);
    await bench.collect({ graceSeconds: 0 });
    const hex = layers.map((layer) => digestOfText(layer).slice(7));
    expect((await bench.keys()).filter((key) => hex.some((one) => key.includes(one)))).toEqual([]);
  });
});

const outside = AsyncLocalStorage.snapshot();

describe('the tests find out when the protocol lacks its', () => {
  test.each([
    ['row lock', /for key share of b, l/g, 'manifest.locked'],
    [
      're-check',
      /and lease_until < now\(\)(?=\s+order by)|and not exists \(select 1 from manifest_blobs e where e\.blob_id = b\.id\)\s+and b\.unreferenced_since <= now\(\) - (?=\?)/g,
      'garbage.planned',
    ],
  ] as const)('%s: a push and a collection at the worst moment', async (_, part, moment) => {
    const attempt = async () => {
      const layer = text('layer');
      await bench.upload(acme, layer);
      await bench.collect();
      await bench.pass(day + 1);
      const meanwhile = async () => {
        bench.faults = undefined;
        await (moment === 'manifest.locked' ? bench.collect() : bench.push(acme, { blobs: [layer], tag: '1' }));
      };
      bench.faults = async (point) => {
        // What others do is no part of the transaction that is disturbed.
        if (point === moment) await outside(meanwhile);
      };
      await (moment === 'manifest.locked' ? bench.push(acme, { blobs: [layer], tag: '1' }) : bench.collect());
      return bench.read(acme, digestOfText(layer)).then((read) => read === layer);
    };
    expect(await attempt()).toBe(true);
    bench.database.rewriteStatements((sql) =>
      sql.replace(part, (said) => (said.includes('unreferenced') ? 'and now() > now() - ' : '')),
    );
    try {
      expect(await attempt().catch(() => false)).toBe(false);
    } finally {
      bench.database.rewriteStatements(undefined);
      bench.faults = undefined;
    }
  });
});
