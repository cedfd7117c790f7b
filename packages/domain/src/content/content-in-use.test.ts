import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { UsageLogEntry } from '@escale/schema/entities';
import { parseManifest, type Digest, type TagName } from '@escale/schema/values';
import type { Faults } from '../faults.ts';
import { findLosses } from '../garbage/find-losses.ts';
import { pushTestImage, pushTestIndex } from '../testing/push-test-image.ts';
import { codeOf, TagScene } from '../testing/tag-scene.ts';
import { deleteManifest, deleteTag, deleteUntaggedManifests, restoreTag, unlinkBlob } from './index.ts';

let scene: TagScene;
beforeAll(async () => {
  scene = await TagScene.open(inject('databaseServerUrl'));
});
afterAll(() => scene.database.close());
beforeEach(() => scene.freshRepository());

/** What others do is no part of the transaction that they disturb. */
const outside = AsyncLocalStorage.snapshot();

const em = () => scene.database.orm.em.fork();
const unlink = (digest: Digest, faults?: Faults) =>
  unlinkBlob({ ...scene.ctx(), ...(faults && { faults }) }, scene.repository, digest);
const remove = (digest: Digest) => deleteManifest(scene.ctx(), scene.repository, { kind: 'digest', digest });
const restore = (tag: string, digest: Digest) => restoreTag(scene.ctx(), { repository: scene.name, tag, digest });

/** Digests of the blobs that a manifest lists, the config first. */
async function blobsOf(digest: Digest): Promise<Digest[]> {
  const [row] = await em().execute<{ payload: Buffer }[]>(
    'select payload from manifests where repository_id = ? and digest = ?',
    [scene.repository.id, digest],
  );
  const { config, layers } = parseManifest(row?.payload ?? Buffer.alloc(0), undefined);
  return [...(config ? [config] : []), ...layers].map((one) => one.digest);
}

async function linked(): Promise<Digest[]> {
  const rows = await em().execute<{ digest: Digest }[]>(
    'select b.digest from repository_blobs l join blobs b on b.id = l.blob_id where l.repository_id = ? order by 1',
    [scene.repository.id],
  );
  return rows.map(({ digest }) => digest);
}

async function live(): Promise<Digest[]> {
  const rows = await em().execute<{ digest: Digest }[]>(
    'select digest from manifests where repository_id = ? and deleted_at is null order by 1',
    [scene.repository.id],
  );
  return rows.map(({ digest }) => digest);
}

const lossesHere = async () => (await findLosses({ em: em() })).filter((line) => line.includes(scene.name));

async function refused(act: Promise<unknown>) {
  const error: unknown = await act.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error as { code: string; message: string; detail: Record<string, unknown> };
}

describe('what a manifest is made of', () => {
  test.each([
    ['tagged', ['v1']],
    ['pushed by digest alone', []],
  ])('stays while the manifest is there: %s', async (_name, tags) => {
    const { digest } = await scene.push({ tags, layers: ['one', 'two'] });
    const blobs = await blobsOf(digest);
    for (const blob of blobs) {
      const { code, message, detail } = await refused(unlink(blob));
      expect([code, detail]).toEqual(['UNSUPPORTED', { digest: blob, neededBy: [digest], tags }]);
      expect(message).toContain(digest);
    }
    expect(await linked()).toEqual([...blobs].sort());
    await remove(digest);
    for (const blob of blobs) await unlink(blob);
    expect(await linked()).toEqual([]);
  });

  test('names the tags of an index above it', async () => {
    const child = await scene.push({ layers: ['of a child'] });
    const inner = await pushTestIndex(scene.ctx(), scene.repository, [child]);
    await pushTestIndex(scene.ctx(), scene.repository, [inner], ['multi']);
    const [, layer] = (await blobsOf(child.digest)) as [Digest, Digest];
    expect((await refused(unlink(layer))).detail).toMatchObject({
      neededBy: [child.digest],
      tags: ['multi'],
    });
    expect((await refused(remove(child.digest))).detail).toMatchObject({ neededBy: [inner.digest], tags: ['multi'] });
  });

  test('stays when a tag that named it has ended, because its digest can still be pulled', async () => {
    const { digest } = await scene.push({ tags: ['v1'] });
    await deleteTag(scene.ctx(), { repository: scene.name, tag: 'v1' });
    for (const blob of await blobsOf(digest)) expect(await codeOf(unlink(blob))).toBe('UNSUPPORTED');
  });

  test('is kept by each manifest that lists it, and in this repository alone', async () => {
    const one = await scene.push({ layers: ['shared', 'one'] });
    const two = await scene.push({ layers: ['shared', 'two'] });
    const [, shared] = (await blobsOf(one.digest)) as [Digest, Digest];
    await remove(one.digest);
    expect((await refused(unlink(shared))).detail).toMatchObject({ neededBy: [two.digest] });
    await scene.freshRepository();
    const ctx = scene.ctx();
    await pushTestImage(ctx, scene.repository, { layers: ['shared'], tags: ['here'] });
    const [own] = (await live()) as [Digest];
    await remove(own);
    expect(await codeOf(unlink(shared))).toBeUndefined();
  });
});

describe('children of an index', () => {
  test('stay while the index is there, by every door, and can go after it', async () => {
    const child = await scene.push({ layers: ['child'] });
    const index = await pushTestIndex(scene.ctx(), scene.repository, [child], ['multi']);
    expect(await codeOf(remove(child.digest))).toBe('UNSUPPORTED');
    const [outcome] = await deleteUntaggedManifests(scene.ctx(), { repository: scene.name, digests: [child.digest] });
    expect(outcome?.refusal?.code).toBe('PRECONDITION_FAILED');
    await deleteTag(scene.ctx(), { repository: scene.name, tag: 'multi' });
    expect(await codeOf(remove(child.digest))).toBe('UNSUPPORTED');
    expect(await live()).toEqual([child.digest, index.digest].sort());
    await remove(index.digest);
    await remove(child.digest);
    expect(await live()).toEqual([]);
  });

  test('may be absent where they never were: a sparse index', async () => {
    const child = await scene.push({ layers: ['elsewhere'] });
    await remove(child.digest);
    const index = await pushTestIndex(scene.ctx(), scene.repository, [child], ['sparse']);
    expect(await lossesHere()).toEqual([]);
    await deleteTag(scene.ctx(), { repository: scene.name, tag: 'sparse' });
    await restore('sparse', index.digest);
    expect(await live()).toEqual([index.digest]);
    await scene.push({ layers: ['elsewhere'], blobsAreHere: true });
    expect(await codeOf(remove(child.digest))).toBe('UNSUPPORTED');
  });
});

describe('at the same moment', () => {
  const twoTags = { tags: ['a', 'b'], blobsAreHere: true, layers: ['contested'] };

  test('a push that is storing a manifest wins over the deletion of its blob', async () => {
    const first = await scene.push({ layers: ['contested'] });
    const [, blob] = (await blobsOf(first.digest)) as [Digest, Digest];
    await remove(first.digest);
    let deletion: Promise<string | undefined> | undefined;
    const faults: Faults = async (point) => {
      if (point !== 'manifest.locked') return;
      deletion = outside(() => codeOf(unlink(blob)));
      await sleep(200);
    };
    await pushTestImage({ ...scene.ctx(), faults }, scene.repository, twoTags);
    expect(await deletion).toBe('UNSUPPORTED');
    expect(await linked()).toContain(blob);
  });

  test.each([
    ['of one new tag', { ...twoTags, tags: ['a'], labels: { new: 'image' } }],
    ['of two tags', twoTags],
  ])('the deletion of a blob wins over a push that comes later: %s', async (_name, image) => {
    const first = await scene.push({ ...image, tags: [], blobsAreHere: false });
    const [, blob] = (await blobsOf(first.digest)) as [Digest, Digest];
    await em().execute('delete from manifests where repository_id = ?', [scene.repository.id]);
    let push: Promise<string | undefined> | undefined;
    await unlink(blob, async (point) => {
      if (point !== 'blob.unlinking') return;
      push = outside(() => codeOf(scene.push(image)));
      await sleep(200);
    });
    expect(await push).toBe('MANIFEST_BLOB_UNKNOWN');
    expect(await live()).toEqual([]);
  });

  test('a push of an index wins over the deletion of its child', async () => {
    const child = await scene.push({ layers: ['child'] });
    let deletion: Promise<string | undefined> | undefined;
    const faults: Faults = async (point) => {
      if (point !== 'manifest.locked') return;
      deletion = outside(() => codeOf(remove(child.digest)));
      await sleep(200);
    };
    await pushTestIndex({ ...scene.ctx(), faults }, scene.repository, [child], ['multi']);
    expect(await deletion).toBe('UNSUPPORTED');
    expect(await live()).toContain(child.digest);
  });
});

describe('a restored tag can be pulled', () => {
  test('blobs that were deleted come back with it', async () => {
    const { digest } = await scene.push({ tags: ['v1'], layers: ['one', 'two'] });
    const blobs = await blobsOf(digest);
    await remove(digest);
    for (const blob of blobs) await unlink(blob);
    await restore('v1', digest);
    expect(await linked()).toEqual([...blobs].sort());
    expect(await lossesHere()).toEqual([]);
  });

  test('children of an index that were deleted come back with it, and their blobs', async () => {
    const child = await scene.push({ layers: ['deep'] });
    const inner = await pushTestIndex(scene.ctx(), scene.repository, [child]);
    const outer = await pushTestIndex(scene.ctx(), scene.repository, [inner], ['multi']);
    const blobs = await blobsOf(child.digest);
    for (const { digest } of [outer, inner, child]) await remove(digest);
    for (const blob of blobs) await unlink(blob);
    expect(await live()).toEqual([]);
    await restore('multi', outer.digest);
    expect(await live()).toEqual([child.digest, inner.digest, outer.digest].sort());
    expect(await linked()).toEqual([...blobs].sort());
    expect(await codeOf(remove(child.digest))).toBe('UNSUPPORTED');
    expect(await lossesHere()).toEqual([]);
  });

  test('it is refused, naming what is lost, while bytes of it are damaged', async () => {
    const { digest } = await scene.push({ tags: ['v1'], layers: ['damaged bytes'] });
    const [, layer] = (await blobsOf(digest)) as [Digest, Digest];
    await deleteTag(scene.ctx(), { repository: scene.name, tag: 'v1' });
    await em().execute(`update blobs set state = 'quarantined' where digest = ?`, [layer]);
    const { code, message } = await refused(restore('v1', digest));
    expect([code, message.includes(layer)]).toEqual(['PRECONDITION_FAILED', true]);
    expect(await scene.digestOf('v1')).toBeUndefined();
    await em().execute(`update blobs set state = 'live' where digest = ?`, [layer]);
    await restore('v1', digest);
    expect(await scene.digestOf('v1')).toBe(digest);
  });

  test('the deletion of a blob that comes while a tag is restored is refused', async () => {
    const { digest } = await scene.push({ tags: ['v1'] });
    const blobs = await blobsOf(digest);
    await remove(digest);
    await Promise.all([
      restore('v1', digest),
      ...Array.from({ length: 4 }, () => blobs.map((blob) => codeOf(unlink(blob)))).flat(),
    ]);
    expect(await linked()).toEqual([...blobs].sort());
    expect(await lossesHere()).toEqual([]);
  });
});

test('an index that is restored and the deletion of its child at the same moment leave an index with its child', async () => {
  for (let round = 0; round < 6; round += 1) {
    await scene.freshRepository();
    const child = await scene.push({ layers: [`child ${String(round)}`] });
    const index = await pushTestIndex(scene.ctx(), scene.repository, [child], ['multi']);
    await remove(index.digest);
    await Promise.all([restore('multi', index.digest), codeOf(remove(child.digest)), codeOf(remove(child.digest))]);
    expect(await live()).toEqual([child.digest, index.digest].sort());
    expect(await lossesHere()).toEqual([]);
  }
});

test.each([
  ['by digest', remove],
  [
    'as untagged',
    (digest: Digest) => deleteUntaggedManifests(scene.ctx(), { repository: scene.name, digests: [digest] }),
  ],
])('an index that was pushed at the same moment as its child is restored with it: deleted %s', async (_how, drop) => {
  const child = await scene.push({ layers: ['at the same moment'] });
  const index = await pushTestIndex(scene.ctx(), scene.repository, [child], ['multi']);
  // What two first pushes leave when neither sees the other.
  await em().execute(
    'update manifest_children set arrived = false where parent_id in (select id from manifests where digest = ?)',
    [index.digest],
  );
  await deleteTag(scene.ctx(), { repository: scene.name, tag: 'multi' });
  await drop(index.digest);
  await drop(child.digest);
  expect(await live()).toEqual([]);
  await restore('multi', index.digest);
  expect(await live()).toEqual([child.digest, index.digest].sort());
});

test('a child that is restored under a sparse index stays from then on', async () => {
  const child = await scene.push({ tags: ['child'], layers: ['restored'] });
  await remove(child.digest);
  const index = await pushTestIndex(scene.ctx(), scene.repository, [child], ['sparse']);
  await restore('child', child.digest);
  await em().execute('update manifests set deleted_at = now() where digest = ?', [child.digest]);
  expect((await lossesHere()).some((line) => line.includes(`${index.digest} needs the manifest ${child.digest}`))).toBe(
    true,
  );
});

test('a blob that was absent at the first push of a manifest is kept from the second on', async () => {
  const ctx = scene.ctx();
  const foreign = 'application/vnd.oci.image.layer.nondistributable.v1.tar';
  const { pushManifest } = await import('./push-manifest.ts');
  const layer = await scene.push({ layers: ['comes later'] });
  const [config, blob] = (await blobsOf(layer.digest)) as [Digest, Digest];
  await remove(layer.digest);
  await unlink(blob);
  const [sizes] = await em().execute<{ size: number }[]>('select size::int as size from blobs where digest = ?', [
    config,
  ]);
  const payload = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config, size: sizes?.size },
      layers: [{ mediaType: foreign, digest: blob, size: 'comes later'.length }],
    }),
  );
  const pushed = {
    digest: layer.digest.replace(/.$/, (last) => (last === '0' ? '1' : '0')) as Digest,
    payload,
    parsed: parseManifest(payload, undefined),
    tags: ['foreign' as TagName],
  };
  await pushManifest(ctx, scene.repository, pushed);
  await scene.push({ layers: ['comes later'] }).then(({ digest }) => remove(digest));
  await pushManifest(scene.ctx(), scene.repository, pushed);
  expect(await codeOf(unlink(blob))).toBe('UNSUPPORTED');
});

test('each deletion of a blob is in the usage log', async () => {
  const { digest } = await scene.push({ layers: ['logged'] });
  const [, blob] = (await blobsOf(digest)) as [Digest, Digest];
  expect(await codeOf(unlink(blob))).toBe('UNSUPPORTED');
  await remove(digest);
  await unlink(blob);
  expect(await codeOf(unlink(blob))).toBe('BLOB_UNKNOWN');
  const entries = await em().find(UsageLogEntry, { kind: 'blob.deleted', repository: scene.name });
  expect(entries.map((entry) => [entry.performer, entry.digest, entry.repositoryId])).toEqual([
    ['alice', blob, scene.repository.id],
  ]);
});

describe('verify reports', () => {
  test('a blob whose link is gone', async () => {
    const { digest } = await scene.push({ tags: ['v1'], layers: ['one', 'two'] });
    const [config, layer] = (await blobsOf(digest)) as [Digest, Digest];
    expect(await lossesHere()).toEqual([]);
    await em().execute(
      'delete from repository_blobs l using blobs b where b.id = l.blob_id and l.repository_id = ? and b.digest in (?, ?)',
      [scene.repository.id, config, layer],
    );
    const found = await lossesHere();
    expect(found).toHaveLength(2);
    for (const blob of [config, layer]) {
      const line = `the manifest ${scene.name}@${digest} needs the blob ${blob}, which the repository has lost; push it again`;
      expect(found).toContain(line);
    }
    // What was deleted by digest needs nothing.
    await remove(digest);
    expect(await lossesHere()).toEqual([]);
  });

  test.each([
    ['is deleted', 'update manifests set deleted_at = now() where repository_id = ? and digest = ?'],
    ['is gone without a trace', 'delete from manifests where repository_id = ? and digest = ?'],
  ])('a child of an index that %s', async (_name, loss) => {
    const child = await scene.push({ layers: ['child'] });
    const index = await pushTestIndex(scene.ctx(), scene.repository, [child], ['multi']);
    expect(await lossesHere()).toEqual([]);
    await em().execute(loss, [scene.repository.id, child.digest]);
    expect(await lossesHere()).toEqual([
      `the index ${scene.name}@${index.digest} needs the manifest ${child.digest}, which the repository has lost; push it again`,
    ]);
  });

  test('a tag on a deleted manifest', async () => {
    const { digest } = await scene.push({ tags: ['v1'] });
    await em().execute('update manifests set deleted_at = now() where digest = ? and repository_id = ?', [
      digest,
      scene.repository.id,
    ]);
    expect(await lossesHere()).toEqual([
      `the tag ${scene.name}:v1 names the manifest ${digest}, which is deleted; restore the tag or delete it`,
    ]);
  });
});
