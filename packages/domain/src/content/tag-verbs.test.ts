import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Digest, TagName } from '@escale/schema/values';
import { pushTestImage, pushTestIndex } from '../testing/push-test-image.ts';
import { codeOf, TagScene } from '../testing/tag-scene.ts';
import {
  deleteManifest,
  deleteTag,
  findManifests,
  findTagDetails,
  listTagDetails,
  listTagEvents,
  listTags,
  restoreTag,
  setTag,
} from './index.ts';
import { keptByTags } from './kept-manifests.ts';

let scene: TagScene;
beforeAll(async () => {
  scene = await TagScene.open(inject('databaseServerUrl'));
});
afterAll(() => scene.database.close());

describe('lifetimes', () => {
  test('a tag is pushed, moved, deleted and restored, and its history tells it', async () => {
    await scene.freshRepository();
    const one = await scene.push({ tags: ['v1'], layers: ['one'] });
    const two = await scene.push({ tags: ['v1'], layers: ['two'] });
    expect(await scene.digestOf('v1')).toBe(two.digest);
    await deleteTag(scene.ctx(), { repository: scene.name, tag: 'v1' });
    expect(await scene.digestOf('v1')).toBeUndefined();
    expect((await findManifests(scene.ctx(), scene.name, [two.digest])).size).toBe(1);
    await restoreTag(scene.ctx(), { repository: scene.name, tag: 'v1', digest: one.digest });
    expect(await scene.digestOf('v1')).toBe(one.digest);
    expect(await scene.history('v1')).toEqual([
      ['restored', one.digest, null],
      ['deleted', two.digest, null],
      ['moved', two.digest, one.digest],
      ['pushed', one.digest, null],
    ]);
    const { items } = await listTagEvents(scene.ctx(), scene.name, { page: {} });
    expect(items.map(({ restorable }) => restorable)).toEqual([false, true, true, false]);
    expect(items.map(({ by }) => by)).toEqual(['alice', 'alice', 'alice', 'alice']);
  });

  test('pushing the same manifest again changes nothing', async () => {
    await scene.freshRepository();
    await scene.push({ tags: ['v1'] });
    const before = await findTagDetails(scene.ctx(), scene.name, 'v1');
    await scene.push({ tags: ['v1'] });
    expect(await findTagDetails(scene.ctx(), scene.name, 'v1')).toEqual(before);
    expect(await scene.history()).toHaveLength(1);
  });

  test('delete by tag removes that tag only; by digest the manifest and all its tags, at once (P4)', async () => {
    await scene.freshRepository();
    const { digest } = await scene.push({ tags: ['a', 'b', 'c'] });
    await deleteManifest(scene.ctx(), scene.repository, { kind: 'tag', tag: 'a' as TagName });
    expect((await listTags(scene.ctx(), scene.repository.id, { limit: 10 })).tags).toEqual(['b', 'c']);
    await deleteManifest(scene.ctx(), scene.repository, { kind: 'digest', digest });
    expect((await listTags(scene.ctx(), scene.repository.id, { limit: 10 })).tags).toEqual([]);
    expect((await findManifests(scene.ctx(), scene.name, [digest])).size).toBe(0);
    expect(await codeOf(deleteManifest(scene.ctx(), scene.repository, { kind: 'digest', digest }))).toBe(
      'MANIFEST_UNKNOWN',
    );
    expect(await codeOf(setTag(scene.ctx(), { repository: scene.name, tag: 'd', digest }))).toBe('NOT_FOUND');
  });

  test('a tag of a manifest deleted by digest brings it back, and only that tag', async () => {
    await scene.freshRepository();
    const { digest } = await scene.push({ tags: ['a', 'b'] });
    await deleteManifest(scene.ctx(), scene.repository, { kind: 'digest', digest });
    await restoreTag(scene.ctx(), { repository: scene.name, tag: 'b', digest });
    expect((await listTags(scene.ctx(), scene.repository.id, { limit: 10 })).tags).toEqual(['b']);
    expect((await findManifests(scene.ctx(), scene.name, [digest])).size).toBe(1);
  });

  test('pushing what was deleted by digest brings it back without its tags', async () => {
    await scene.freshRepository();
    const { digest } = await scene.push({ tags: ['a'] });
    await deleteManifest(scene.ctx(), scene.repository, { kind: 'digest', digest });
    await scene.push({});
    expect((await findManifests(scene.ctx(), scene.name, [digest])).size).toBe(1);
    expect((await listTags(scene.ctx(), scene.repository.id, { limit: 10 })).tags).toEqual([]);
  });

  test('nothing is restored that the tag never named, nor once the window is over', async () => {
    await scene.freshRepository();
    const one = await scene.push({ tags: ['a'], layers: ['one'] });
    const two = await scene.push({ tags: ['b'], layers: ['two'] });
    expect(await codeOf(restoreTag(scene.ctx(), { repository: scene.name, tag: 'a', digest: two.digest }))).toBe(
      'NOT_FOUND',
    );
    await deleteManifest(scene.ctx(), scene.repository, { kind: 'digest', digest: one.digest });
    await scene.pass(13 * 86_400);
    const kept = () =>
      scene
        .ctx()
        .em.execute<unknown[]>(
          `select 1 from manifests m where m.digest = ? and m.repository_id = ? and ${keptByTags('m')}`,
          [one.digest, scene.repository.id],
        );
    expect(await kept()).toHaveLength(1);
    await scene.pass(86_400);
    expect(await kept()).toHaveLength(0);
    expect(await codeOf(restoreTag(scene.ctx(), { repository: scene.name, tag: 'a', digest: one.digest }))).toBe(
      'NOT_FOUND',
    );
  });
});

describe('compare and swap (D25)', () => {
  test('a tag is moved only from what the caller saw, and made only where there is none', async () => {
    await scene.freshRepository();
    const one = await scene.push({ tags: ['a'], layers: ['one'] });
    const two = await scene.push({ layers: ['two'] });
    const set = (more: object) =>
      setTag(scene.ctx(), { repository: scene.name, tag: 'a', digest: two.digest, ...more });
    expect(await codeOf(set({ expectedDigest: two.digest }))).toBe('PRECONDITION_FAILED');
    expect(await codeOf(set({ mustBeNew: true }))).toBe('PRECONDITION_FAILED');
    expect((await set({ expectedDigest: one.digest })).digest).toBe(two.digest);
    expect(
      await codeOf(setTag(scene.ctx(), { repository: scene.name, tag: 'new', digest: one.digest, mustBeNew: true })),
    ).toBe(undefined);
    expect(await codeOf(set({ tag: '.bad' }))).toBe('INPUT_INVALID');
    expect(await codeOf(set({ digest: 'sha256:short' }))).toBe('INPUT_INVALID');
  });
});

describe('the list', () => {
  test('comes by scene.name, push and size, found by part of the scene.name or a digest, page by page', async () => {
    await scene.freshRepository();
    const small = await scene.push({ tags: ['b-small'], layers: ['1'] });
    await scene.push({ tags: ['c-large'], layers: ['x'.repeat(5000)] });
    await scene.push({ tags: ['A-middle'], layers: ['y'.repeat(500)] });
    const all = async (orderBy: 'name' | 'pushed' | 'size', search?: string) => {
      const names: string[] = [];
      let after: string | undefined;
      do {
        const page = await listTagDetails(scene.ctx(), scene.name, { orderBy, search, page: { first: 1, after } });
        names.push(...page.items.map((tag) => tag.name));
        after = page.hasNextPage ? page.endCursor : undefined;
      } while (after !== undefined);
      return names;
    };
    expect(await all('name')).toEqual(['A-middle', 'b-small', 'c-large']);
    expect(await all('pushed')).toEqual(['A-middle', 'c-large', 'b-small']);
    expect(await all('size')).toEqual(['c-large', 'A-middle', 'b-small']);
    expect(await all('size', 'L')).toEqual(['c-large', 'A-middle', 'b-small']);
    expect(await all('name', 'a-M')).toEqual(['A-middle']);
    expect(await all('name', small.digest.slice(0, 20).toUpperCase())).toEqual(['b-small']);
    expect(await all('name', '%')).toEqual([]);
  });

  test('the size of an index counts shared blobs once, and grows when a missing child comes', async () => {
    await scene.freshRepository();
    const one = await scene.push({ layers: ['shared', 'only one'] });
    const late = { digest: `sha256:${'0'.repeat(64)}` as Digest, size: 10, mediaType: one.mediaType, configSize: 0 };
    const index = await pushTestIndex(scene.ctx(), scene.repository, [one, late], ['sparse']);
    expect((await findTagDetails(scene.ctx(), scene.name, 'sparse'))?.size).toBe(
      index.size + one.size + one.configSize + 'sharedonly one'.length,
    );
    const other = await scene.freshRepository();
    const [left, right] = [
      await pushTestImage(scene.ctx(), other, { layers: ['shared', 'left'] }),
      await pushTestImage(scene.ctx(), await scene.freshRepository(), { layers: ['shared', 'right'] }),
    ];
    const both = await pushTestIndex(scene.ctx(), scene.repository, [left, right], ['both']);
    const size = async () => (await findTagDetails(scene.ctx(), scene.name, 'both'))?.size;
    expect(await size()).toBe(both.size + right.size + right.configSize + 'sharedright'.length);
    await scene.push({ layers: ['shared', 'left'] });
    expect(await size()).toBe(
      both.size + left.size + left.configSize + right.size + right.configSize + 'sharedrightleft'.length,
    );
    expect((await findTagDetails(scene.ctx(), scene.name, 'both'))?.platforms).toEqual(['linux/arch0', 'linux/arch1']);
  });
});
