import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { deleteManifest } from '@escale/domain/content';
import { checkReport, findDisagreements, type GarbageReport } from '@escale/domain/garbage';
import type { Repository } from '@escale/schema/entities';
import type { Digest, TagName } from '@escale/schema/values';
import { digestOfText, StorageBench } from '../testing/storage-bench.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseServerUrl: string;
  }
}

let bench: StorageBench;
let acme: Repository;
const day = 24;

beforeAll(async () => {
  bench = await StorageBench.open(inject('databaseServerUrl'));
});
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.reset();
  acme = await bench.repository();
});

const ctx = () => ({ em: bench.database.orm.em.fork() });
const problemsOf = async ({ id }: Pick<GarbageReport, 'id'>) => (await checkReport(ctx(), id))?.problems;

/** What a collector must never do happens behind its back: the rows that say so are taken away. */
const forget = (table: 'manifest_blobs' | 'manifest_children') => bench.rows(`truncate ${table}`);

test('what a run deleted, derived once more from what is still here, was not needed', async () => {
  const index = await bench.push(acme, {
    children: [await bench.pushImage(acme, { blobs: ['config'] })],
    tag: 'multi',
  });
  await bench.pushImage(acme, { blobs: ['config', 'kept'], tag: 'kept' });
  await bench.pushImage(acme, { blobs: ['signature'], subject: index });
  await bench.upload(acme, 'never listed');
  await deleteManifest(bench.ctx(), acme, { kind: 'tag', tag: 'multi' as TagName });
  await bench.pass(20 * day);
  const run = await bench.collect({ graceSeconds: 0 });
  expect(run.items.filter(({ outcome }) => outcome === 'deleted').map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['manifest', 'blob']),
  );
  expect(await checkReport(ctx())).toEqual({ run: run.id, deleted: run.items.length, problems: [] });
  // The same again, pushed after the run, is no contradiction.
  await bench.pass(1);
  await bench.upload(acme, 'never listed');
  await bench.pushImage(acme, { blobs: ['never listed', 'signature'], tag: 'late' });
  expect(await problemsOf(run)).toEqual([]);
});

test('looking leaves no report of its own, and finds no disagreement', async () => {
  await bench.pushImage(acme, { blobs: ['config'] });
  await bench.pass(2 * day);
  const run = await bench.collect();
  await bench.pushImage(acme, { blobs: ['other'] });
  await bench.pass(2 * day);
  expect(await findDisagreements(ctx())).toEqual([]);
  expect(await bench.rows('select id from garbage_runs')).toEqual([{ id: run.id }]);
});

describe('a run that deleted what was needed is found out, by the bytes of what is left', () => {
  test('a blob of a manifest', async () => {
    const manifest = await bench.pushImage(acme, { blobs: ['config', 'layer'], tag: '1' });
    await forget('manifest_blobs');
    await bench.pass(2 * day);
    const run = await bench.collect({ graceSeconds: 0 });
    const lines = await problemsOf(run);
    expect(lines).toHaveLength(2);
    for (const text of ['config', 'layer']) {
      expect(lines).toContainEqual(
        `it deleted the blob ${digestOfText(text)}, and the manifest ${acme.name}@${manifest}, which was there then and is now, lists it`,
      );
    }
  });

  test('a child of an index', async () => {
    const child = await bench.pushImage(acme, { blobs: ['config'] });
    const index = await bench.push(acme, { children: [child], tag: '1' });
    await forget('manifest_children');
    await bench.pass(2 * day);
    expect(await problemsOf(await bench.collect())).toEqual([
      `it deleted the manifest ${acme.name}@${child}, and the manifest ${acme.name}@${index}, which was there then and is now, lists it`,
    ]);
  });

  test('a link that its repository needs, and one that another does not', async () => {
    const other = await bench.repository();
    for (const repository of [acme, other]) await bench.pushImage(repository, { blobs: ['shared'], tag: '1' });
    await bench.pass(2 * day);
    await bench.rows(
      `delete from manifest_blobs e using manifests m where m.id = e.manifest_id and m.repository_id = '${acme.id}'`,
    );
    const run = await bench.collect();
    expect(run.items.map(({ kind }) => kind)).toEqual(['link']);
    expect(await problemsOf(run)).toEqual([expect.stringContaining(`it deleted the link ${acme.name}@`)]);
  });
});

test('a report that says what cannot be is found out', async () => {
  const gone: Digest = await bench.pushImage(acme, { blobs: ['config'] });
  await bench.upload(acme, 'unlisted');
  await bench.pushImage(acme, { blobs: ['kept'], tag: 'kept' });
  await bench.pass(2 * day);
  const run = await bench.collect({ graceSeconds: 0 });
  const edit = (change: string, where: string) =>
    bench.rows(`update garbage_items set ${change} where run_id = '${run.id}' and ${where}`);
  await edit(
    `last_referenced_at = now() + interval '1 hour'`,
    `kind = 'blob' and digest = '${digestOfText('unlisted')}'`,
  );
  await edit(`reason = 'only a garbage index lists it'`, `digest = '${gone}'`);
  await edit(`digest = '${digestOfText('kept')}'`, `kind = 'blob' and digest = '${digestOfText('config')}'`);
  await bench.rows(`update garbage_runs set roots = jsonb_set(roots, '{tags}', '0') where id = '${run.id}'`);
  const lines = (await problemsOf(run)) ?? [];
  for (const said of ['before its time', 'deleted no index before', 'whose row is older', 'it counted 0 tags']) {
    expect(lines).toContainEqual(expect.stringContaining(said));
  }
});

test('there is nothing to say of a run that never was', async () => {
  expect(await checkReport(ctx())).toBeUndefined();
  expect(await checkReport(ctx(), 'last week')).toBeUndefined();
});
