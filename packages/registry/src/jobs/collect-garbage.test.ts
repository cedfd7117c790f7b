import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { deleteManifest, promiseManifest } from '@escale/domain/content';
import { deriveUnreachable, findContradictions, type GarbageReport } from '@escale/domain/garbage';
import type { Repository } from '@escale/schema/entities';
import type { Digest, TagName } from '@escale/schema/values';
import { day, deleted, text, week } from '../testing/collection.ts';
import { digestOfText, StorageBench } from '../testing/storage-bench.ts';
import { purgeUploads } from './purge-uploads.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseServerUrl: string;
  }
}

let bench: StorageBench;
let acme: Repository;
beforeAll(async () => {
  bench = await StorageBench.open(inject('databaseServerUrl'));
});
afterAll(() => bench.close());
beforeEach(async () => {
  acme = await bench.repository();
});

const untag = (tag: string) => deleteManifest(bench.ctx(), acme, { kind: 'tag', tag: tag as TagName });
const remove = (digest: Digest) => deleteManifest(bench.ctx(), acme, { kind: 'digest', digest });

describe('what keeps a manifest', () => {
  test('a tag, and after its end the time machine for two weeks; then it goes, a day later its bytes', async () => {
    const layer = text('layer');
    const digest = await bench.pushImage(acme, { blobs: [text('config'), layer], tag: '1' });
    await bench.pass(30 * day);
    expect(deleted(await bench.collect(), 'manifest')).toEqual([]);
    await untag('1');
    await bench.pass(13 * day);
    expect(deleted(await bench.collect(), 'manifest')).toEqual([]);
    await bench.pass(2 * day);
    const report = await bench.collect();
    expect(report.items).toMatchObject([
      {
        kind: 'manifest',
        digest,
        repository: acme.name,
        reason: 'its last tag ended, and is no longer to be restored',
        outcome: 'deleted',
      },
    ]);
    expect(await bench.read(acme, digestOfText(layer))).toBe(layer);
    await bench.pass(day + 1);
    const later = await bench.collect();
    expect(deleted(later, 'blob')).toContain(digestOfText(layer));
    expect(later.bytesFreed).toBeGreaterThanOrEqual(layer.length);
    await expect(bench.read(acme, digestOfText(layer))).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
    expect((await bench.keys()).filter((key) => key.includes(digestOfText(layer).slice(7)))).toEqual([]);
  });

  test('an organization that keeps nothing has its untagged manifests collected at once', async () => {
    await bench.rows(`update namespaces set time_machine_seconds = 0 where id = '${acme.namespace.id}'`);
    const digest = await bench.pushImage(acme, { blobs: [text('config')], tag: '1' });
    await untag('1');
    await bench.pass(0.01);
    expect(deleted(await bench.collect(), 'manifest')).toEqual([digest]);
  });

  test('a hold of a day when it was pushed by its digest alone (D3)', async () => {
    const child = await bench.pushImage(acme, { blobs: [text('config')] });
    await bench.pass(23);
    await bench.collect();
    expect(await bench.present(acme, child)).toEqual([true]);
    const index = await bench.push(acme, { children: [child], tag: 'multi' });
    await bench.pass(30 * day);
    await bench.collect();
    expect(await bench.present(acme, child, index)).toEqual([true, true]);
  });

  test('a promise, when somebody who may push asks for it by digest', async () => {
    const child = await bench.pushImage(acme, { blobs: [text('config')] });
    await bench.pass(23);
    await promiseManifest(bench.ctx(), acme.id, child);
    await bench.pass(5);
    await bench.collect();
    expect(await bench.present(acme, child)).toEqual([true]);
    await bench.pass(2);
    expect(deleted(await bench.collect(), 'manifest')).toEqual([child]);
    await expect(promiseManifest(bench.ctx(), acme.id, child)).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
  });

  test('its subject: referrers live as long, and go in the same run', async () => {
    const subject = await bench.pushImage(acme, { blobs: [text('config')], tag: '1' });
    const signature = await bench.pushImage(acme, { blobs: [text('signature')], subject });
    const countersignature = await bench.pushImage(acme, { blobs: [text('signature')], subject: signature });
    await bench.pass(30 * day);
    await bench.collect();
    expect(await bench.present(acme, subject, signature, countersignature)).toEqual([true, true, true]);
    await remove(subject);
    await bench.pass(15 * day);
    expect(deleted(await bench.collect(), 'manifest')).toEqual([subject, signature, countersignature]);
  });

  test('a repository that was deleted and can be restored', async () => {
    const digest = await bench.pushImage(acme, { blobs: [text('config')] });
    await bench.rows(`update repositories set deleted_at = now() where id = '${acme.id}'`);
    await bench.pass(30 * day);
    await bench.collect();
    expect(await bench.present(acme, digest)).toEqual([true]);
  });
});

test('a diamond of thirty levels is collected from the top, without a walk (T34)', async () => {
  const pair = async () => [
    await bench.pushImage(acme, { blobs: [text('config')] }),
    await bench.pushImage(acme, { blobs: [text('config')] }),
  ];
  const levels: Digest[][] = [];
  for (let level = 0; level < 30; level += 1) levels.push(await pair());
  const top = await bench.pushImage(acme, { blobs: [text('config')], tag: 'top' });
  // Deeper than a push may make it: the rows say so nevertheless.
  for (const [level, listed] of levels.entries()) {
    const parents = levels[level + 1] ?? [top];
    for (const parent of parents) {
      await bench.rows(`insert into manifest_children (parent_id, position, digest)
        select m.id, place, child from manifests m, unnest(array['${listed.join("','")}']) with ordinality c (child, place)
          where m.repository_id = '${acme.id}' and m.digest = '${parent}'`);
    }
  }
  await bench.pass(30 * day);
  expect(deleted(await bench.collect(), 'manifest')).toEqual([]);
  await untag('top');
  await bench.pass(15 * day);
  expect(new Set(deleted(await bench.collect(), 'manifest'))).toEqual(new Set([top, ...levels.flat()]));
});

describe('what keeps a blob', () => {
  test('six hours of lease from each upload, HEAD and mount, and a day of grace after that (P2)', async () => {
    const layer = text('layer');
    const digest = await bench.upload(acme, layer);
    await bench.collect();
    await bench.pass(day + 1);
    await bench.head(acme, digest);
    await bench.pass(5.9);
    expect(deleted(await bench.collect(), 'blob')).not.toContain(digest);
    const other = await bench.repository();
    expect(await bench.mount(other, digest, acme)).toMatchObject({ digest });
    await bench.pass(5.9);
    await bench.collect();
    await bench.push(other, { blobs: [layer], tag: '1' });
    await bench.pass(3 * day);
    const report = await bench.collect();
    // Nothing in the first repository ever listed it.
    expect(deleted(report, 'link')).toEqual([digest]);
    await expect(bench.head(acme, digest)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
    expect(await bench.read(other, digest)).toBe(layer);
  });

  test('a grace of no time frees bytes in the run that deletes their last manifest; leases still hold', async () => {
    const [kept, gone] = [text('kept'), text('gone')];
    await bench.pushImage(acme, { blobs: [gone] });
    await bench.pass(2 * day);
    await bench.upload(acme, kept);
    const dry = await bench.collect({ dryRun: true, graceSeconds: 0 });
    const report = await bench.collect({ graceSeconds: 0 });
    expect(deleted(report, 'blob')).toContain(digestOfText(gone));
    expect(deleted(report, 'blob')).not.toContain(digestOfText(kept));
    expect(dry.items).toHaveLength(report.items.length);
    expect(dry.bytesFreed).toBe(report.bytesFreed);
  });
});

test('a dry run changes nothing, says what the next run does, and agrees with the derivation the other way round', async () => {
  await bench.collect({ graceSeconds: 0 });
  const subject = await bench.pushImage(acme, { blobs: [text('config')] });
  await bench.pushImage(acme, { blobs: [text('config')], subject });
  await bench.push(acme, { children: [subject, await bench.pushImage(acme, { blobs: [text('config')] })] });
  await bench.pushImage(acme, { blobs: [text('config')], tag: 'kept' });
  await bench.pass(2 * day);
  const before = await bench.keys();
  const dry = await bench.collect({ dryRun: true });
  expect(await bench.keys()).toEqual(before);
  const unreachable = await deriveUnreachable({ em: bench.database.orm.em.fork() });
  expect(unreachable.map(({ digest }) => digest).sort()).toEqual(
    dry.items
      .filter(({ kind }) => kind === 'manifest')
      .map(({ digest }) => digest)
      .sort(),
  );
  const run = await bench.collect();
  const facts = ({ items }: GarbageReport) => items.map((item) => `${item.kind} ${item.digest}: ${item.reason}`).sort();
  expect(facts(run)).toEqual(facts(dry));
  expect(run.items.every(({ outcome }) => outcome === 'deleted')).toBe(true);
  expect(run.roots.tags).toBeGreaterThan(0);
  expect(await findContradictions({ em: bench.database.orm.em.fork() })).toEqual([]);
});

describe('the sweeper', () => {
  test('takes objects without a row after a week, and staging areas nobody knows (D13)', async () => {
    const layer = text('layer');
    bench.faults = (point) => {
      if (point === 'upload.committed') throw new Error('killed');
    };
    await expect(bench.upload(acme, layer)).rejects.toThrow('killed');
    bench.faults = undefined;
    const mine = async () => (await bench.keys()).filter((key) => key.includes(digestOfText(layer).slice(7)));
    await bench.pass(week - 1);
    await purgeUploads(bench.parts);
    await bench.collect();
    expect(await mine()).toHaveLength(1);
    await bench.pass(2);
    expect(deleted(await bench.collect(), 'object')).toContain(digestOfText(layer));
    expect(await mine()).toEqual([]);
  });
});
