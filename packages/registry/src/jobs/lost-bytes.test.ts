import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Repository } from '@escale/schema/entities';
import type { Digest } from '@escale/schema/values';
import { day, text } from '../testing/collection.ts';
import { digestOfText, StorageBench } from '../testing/storage-bench.ts';
import { CollectionFrozen } from './collect-garbage.ts';
import { scrubBlobs, scrubSlice } from './scrub-blobs.ts';

let bench: StorageBench;
let acme: Repository;
beforeAll(async () => {
  bench = await StorageBench.open(inject('databaseServerUrl'));
});
afterAll(() => bench.close());
beforeEach(async () => {
  acme = await bench.repository();
});

describe('lost and damaged bytes', () => {
  const damage = async (digest: Digest, bytes?: string) => {
    const [row] = await bench.rows<{ storage_key: string }>(`select storage_key from blobs where digest = '${digest}'`);
    const file = bench.fileOf(row?.storage_key ?? '');
    if (bytes === undefined) await bench.store.delete(row?.storage_key as never);
    else await writeFile(file, bytes);
  };

  test.each([
    ['missing', undefined],
    ['of another length', 'x'],
    ['with one bit turned', 'Layer'],
  ])('a blob that is %s is found, not served, and healed by the next push (D31, D40)', async (_, start) => {
    const layer = text('layer');
    const digest = digestOfText(layer);
    await bench.pushImage(acme, { blobs: [layer], tag: '1' });
    await damage(digest, start && layer.replace('layer', start));
    const found: unknown[] = [];
    await bench.pass(8 * day);
    for (const blob of await scrubSlice(bench.parts)) found.push(blob.digest);
    expect(found).toEqual([digest]);
    await expect(bench.read(acme, digest)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(bench.head(acme, digest)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
    await expect(bench.push(acme, { blobs: [layer], tag: '2' })).rejects.toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
    });
    await bench.upload(acme, layer);
    expect(await bench.read(acme, digest)).toBe(layer);
    await bench.push(acme, { blobs: [layer], tag: '2' });
    await bench.pass(8 * day);
    expect(await scrubSlice(bench.parts)).toEqual([]);
  });

  test('a store that does not answer proves nothing (D9)', async () => {
    const layer = text('layer');
    await bench.pushImage(acme, { blobs: [layer], tag: '1' });
    bench.store.failing.add('read');
    await expect(scrubBlobs(bench.parts, { before: new Date(Date.now() + 1e12) })).rejects.toThrow(/refuse to read/);
    bench.store.failing.clear();
    expect(await bench.read(acme, digestOfText(layer))).toBe(layer);
  });
});

describe('after a restore nothing is deleted until everything was checked (D33)', () => {
  const frozen = () => expect(bench.collect({ graceSeconds: 0 })).rejects.toThrow(CollectionFrozen);

  test.each([
    ['the database is older than the store', () => bench.rows('update storage_state set epoch = gen_random_uuid()')],
    ['the store was replaced', () => bench.store.writeMark('another')],
    ['the database is new', () => bench.rows('delete from storage_state')],
  ])('%s', async (_, restore) => {
    const layer = text('layer');
    await bench.upload(acme, layer);
    await bench.pass(2 * day);
    await bench.collect();
    await restore();
    await frozen();
    await frozen();
    const mine = async () => (await bench.keys()).filter((key) => key.includes(digestOfText(layer).slice(7)));
    expect(await mine()).toHaveLength(1);
    await scrubSlice(bench.parts);
    await bench.collect({ graceSeconds: 0 });
    expect(await mine()).toEqual([]);
  });
});
