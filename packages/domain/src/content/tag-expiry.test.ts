import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { contextFor } from '../testing/domain-test.ts';
import { pushTestIndex } from '../testing/push-test-image.ts';
import { codeOf, TagScene } from '../testing/tag-scene.ts';
import { deleteTag, endExpiredTags, findTagDetails, listTags, restoreTag, setTag, setTagExpiry } from './index.ts';

let scene: TagScene;
beforeAll(async () => {
  scene = await TagScene.open(inject('databaseServerUrl'));
});
afterAll(() => scene.database.close());

describe('expiry', () => {
  test('an expired tag is gone at once, for reads and for changes, and the job ends it', async () => {
    await scene.freshRepository();
    const { digest } = await scene.push({ tags: ['a', 'b'] });
    for (const tag of ['a', 'b'])
      await setTagExpiry(scene.ctx(), { repository: scene.name, tag, expiresAt: new Date(Date.now() + 5e6) });
    await scene.pass(6000);
    expect((await listTags(scene.ctx(), scene.repository.id, { limit: 10 })).tags).toEqual([]);
    expect(await codeOf(deleteTag(scene.ctx(), { repository: scene.name, tag: 'a' }))).toBe('NOT_FOUND');
    expect(await endExpiredTags(contextFor(scene.database.orm.em, { kind: 'system', name: 'expiry' }))).toBe(2);
    expect(await endExpiredTags(contextFor(scene.database.orm.em, { kind: 'system', name: 'expiry' }))).toBe(0);
    expect((await scene.history('a'))[0]).toEqual(['expired', digest, null]);
    await restoreTag(scene.ctx(), { repository: scene.name, tag: 'a', digest });
    expect((await findTagDetails(scene.ctx(), scene.name, 'a'))?.expiresAt).toBeNull();
  });

  test('an expired tag can be made anew', async () => {
    await scene.freshRepository();
    await scene.push({ tags: ['a'], layers: ['one'] });
    await setTagExpiry(scene.ctx(), { repository: scene.name, tag: 'a', expiresAt: new Date(Date.now() + 5e6) });
    await scene.pass(6000);
    const two = await scene.push({ tags: ['a'], layers: ['two'], condition: { noneMatch: '*' } });
    expect(await scene.digestOf('a')).toBe(two.digest);
    expect((await scene.history('a')).map(([kind]) => kind)).toEqual(['pushed', 'expired', 'expiry_set', 'pushed']);
  });

  test('an expiry lies in the future', async () => {
    await scene.freshRepository();
    await scene.push({ tags: ['a'] });
    const past = new Date(Date.now() - 1);
    expect(await codeOf(setTagExpiry(scene.ctx(), { repository: scene.name, tag: 'a', expiresAt: past }))).toBe(
      'INPUT_INVALID',
    );
  });
});

describe('labels', () => {
  const hours = (date: Date | null | undefined) => date && Math.round((date.getTime() - Date.now()) / 3_600_000);

  test.each(['quay.expires-after', 'escale.expires-after'])('%s counts from each tagging', async (label) => {
    await scene.freshRepository();
    const { digest } = await scene.push({ tags: ['a'], labels: { [label]: '12h' } });
    expect(hours((await findTagDetails(scene.ctx(), scene.name, 'a'))?.expiresAt)).toBe(12);
    await scene.pass(6 * 3600);
    expect(hours((await findTagDetails(scene.ctx(), scene.name, 'a'))?.expiresAt)).toBe(6);
    await scene.push({ tags: ['a'], labels: { [label]: '12h' } });
    expect(hours((await findTagDetails(scene.ctx(), scene.name, 'a'))?.expiresAt)).toBe(12);
    expect(hours((await setTag(scene.ctx(), { repository: scene.name, tag: 'b', digest })).expiresAt)).toBe(12);
  });

  test.each(['quay.immutable', 'escale.immutable'])(
    '%s makes each tag immutable, which never expires',
    async (label) => {
      await scene.freshRepository();
      await scene.push({ tags: ['a'], labels: { [label]: 'true', 'quay.expires-after': '1d' } });
      expect(await findTagDetails(scene.ctx(), scene.name, 'a')).toMatchObject({ immutable: true, expiresAt: null });
      expect(await codeOf(scene.push({ tags: ['a'], layers: ['other'] }))).toBe('TAG_IMMUTABLE');
    },
  );

  test('an annotation of the manifest comes before a label of the config', async () => {
    await scene.freshRepository();
    await scene.push({
      tags: ['a'],
      labels: { 'quay.expires-after': '1d' },
      annotations: { 'escale.expires-after': '2h' },
    });
    expect(hours((await findTagDetails(scene.ctx(), scene.name, 'a'))?.expiresAt)).toBe(2);
  });

  test('an index asks for what all its children ask for', async () => {
    await scene.freshRepository();
    const day = { 'quay.expires-after': '1d' };
    const [one, two] = [
      await scene.push({ layers: ['one'], labels: day }),
      await scene.push({ layers: ['two'], labels: day }),
    ];
    const other = await scene.push({ layers: ['three'], labels: { 'quay.expires-after': '2d' } });
    await pushTestIndex(scene.ctx(), scene.repository, [one, two], ['agreed']);
    await pushTestIndex(scene.ctx(), scene.repository, [one, two, other], ['mixed']);
    expect(hours((await findTagDetails(scene.ctx(), scene.name, 'agreed'))?.expiresAt)).toBe(24);
    expect((await findTagDetails(scene.ctx(), scene.name, 'mixed'))?.expiresAt).toBeNull();
  });
});
