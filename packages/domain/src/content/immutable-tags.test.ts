import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { User } from '@escale/schema/entities';
import { buildOrganization, buildPermission, buildRepository, buildUser } from '@escale/schema/testing';
import type { Digest, TagName } from '@escale/schema/values';
import { pushTestImage } from '../testing/push-test-image.ts';
import { codeOf, TagScene } from '../testing/tag-scene.ts';
import {
  deleteManifest,
  deleteTag,
  deleteTags,
  findTagDetails,
  listTags,
  restoreTag,
  setTag,
  setTagExpiry,
  setTagImmutability,
  setTagsExpiry,
} from './index.ts';

let scene: TagScene;
beforeAll(async () => {
  scene = await TagScene.open(inject('databaseServerUrl'));
});
afterAll(() => scene.database.close());

describe('immutable tags hold on every way (T13)', () => {
  const ways: [string, (images: { one: Digest; two: Digest }) => Promise<unknown>][] = [
    ['overwriting by a push', () => scene.push({ tags: ['fixed'], layers: ['two'] })],
    ['overwriting among other tags', () => scene.push({ tags: ['other', 'fixed'], layers: ['two'] })],
    [
      'deleting the tag at the registry',
      () => deleteManifest(scene.ctx(), scene.repository, { kind: 'tag', tag: 'fixed' as TagName }),
    ],
    [
      'deleting the digest',
      ({ one }) => deleteManifest(scene.ctx(), scene.repository, { kind: 'digest', digest: one }),
    ],
    ['deleting the tag', () => deleteTag(scene.ctx(), { repository: scene.name, tag: 'fixed' })],
    ['moving it', ({ two }) => setTag(scene.ctx(), { repository: scene.name, tag: 'fixed', digest: two })],
    [
      'restoring something else',
      ({ two }) => restoreTag(scene.ctx(), { repository: scene.name, tag: 'fixed', digest: two }),
    ],
    [
      'an expiry',
      () => setTagExpiry(scene.ctx(), { repository: scene.name, tag: 'fixed', expiresAt: new Date(Date.now() + 1e6) }),
    ],
  ];
  test.each(ways)('%s is refused, and nothing has changed', async (_way, act) => {
    await scene.freshRepository();
    const two = await scene.push({ tags: ['fixed'], layers: ['two'] });
    const one = await scene.push({ tags: ['fixed', 'companion'], layers: ['one'] });
    await setTagImmutability(scene.ctx(), { repository: scene.name, tag: 'fixed', immutable: true });
    const before = await scene.history();
    expect(await codeOf(act({ one: one.digest, two: two.digest }))).toBe('TAG_IMMUTABLE');
    expect(await scene.digestOf('fixed')).toBe(one.digest);
    expect(await scene.digestOf('companion')).toBe(one.digest);
    expect(await scene.history()).toEqual(before);
  });

  test('many at once: the refused one does not keep the others', async () => {
    await scene.freshRepository();
    await scene.push({ tags: ['a', 'b', 'fixed'] });
    await setTagImmutability(scene.ctx(), { repository: scene.name, tag: 'fixed', immutable: true });
    const soon = new Date(Date.now() + 1e6);
    const expiry = await setTagsExpiry(scene.ctx(), {
      repository: scene.name,
      tags: ['a', 'fixed', 'none'],
      expiresAt: soon,
    });
    expect(expiry.map(({ tag, refusal }) => [tag, refusal?.code])).toEqual([
      ['a', undefined],
      ['fixed', 'TAG_IMMUTABLE'],
      ['none', 'NOT_FOUND'],
    ]);
    const outcomes = await deleteTags(scene.ctx(), { repository: scene.name, tags: ['a', 'fixed', 'b', '.bad'] });
    expect(outcomes.map(({ tag, refusal }) => [tag, refusal?.code])).toEqual([
      ['a', undefined],
      ['fixed', 'TAG_IMMUTABLE'],
      ['b', undefined],
      ['.bad', 'INPUT_INVALID'],
    ]);
    expect(await codeOf(deleteTags(scene.ctx(), { repository: scene.name, tags: [] }))).toBe('INPUT_INVALID');
    expect((await listTags(scene.ctx(), scene.repository.id, { limit: 10 })).tags).toEqual(['fixed']);
  });

  test('pushing or setting the same manifest again succeeds', async () => {
    await scene.freshRepository();
    const { digest } = await scene.push({ tags: ['fixed'] });
    await setTagImmutability(scene.ctx(), { repository: scene.name, tag: 'fixed', immutable: true });
    await scene.push({ tags: ['fixed'] });
    await setTag(scene.ctx(), { repository: scene.name, tag: 'fixed', digest });
    expect((await findTagDetails(scene.ctx(), scene.name, 'fixed'))?.immutable).toBe(true);
  });

  test('a tag that expires is not made immutable', async () => {
    await scene.freshRepository();
    await scene.push({ tags: ['a'] });
    await setTagExpiry(scene.ctx(), { repository: scene.name, tag: 'a', expiresAt: new Date(Date.now() + 1e6) });
    expect(await codeOf(setTagImmutability(scene.ctx(), { repository: scene.name, tag: 'a', immutable: true }))).toBe(
      'INPUT_INVALID',
    );
    await setTagExpiry(scene.ctx(), { repository: scene.name, tag: 'a', expiresAt: null });
    expect(
      (await setTagImmutability(scene.ctx(), { repository: scene.name, tag: 'a', immutable: true })).immutable,
    ).toBe(true);
  });

  test('whoever writes may set it; taking it back needs an admin', async () => {
    const em = scene.database.orm.em.fork();
    const organization = await buildOrganization(em);
    scene.repository = await buildRepository(em, { namespace: organization.namespace });
    const [reader, writer, admin] = [await buildUser(em), await buildUser(em), await buildUser(em)];
    await buildPermission(em, scene.repository, reader, 'read');
    await buildPermission(em, scene.repository, writer, 'write');
    await buildPermission(em, scene.repository, admin, 'admin');
    await pushTestImage(scene.ctx(writer), scene.repository, { tags: ['a'] });
    const fix = (who: User, immutable: boolean) =>
      codeOf(setTagImmutability(scene.ctx(who), { repository: scene.name, tag: 'a', immutable }));
    expect(await fix(reader, true)).toBe('DENIED');
    expect(await fix(writer, true)).toBeUndefined();
    expect(await fix(writer, false)).toBe('DENIED');
    expect(await fix(admin, false)).toBeUndefined();
    expect(await codeOf(deleteTag(scene.ctx(reader), { repository: scene.name, tag: 'a' }))).toBe('DENIED');
    expect(await codeOf(deleteTag(scene.ctx(await buildUser(em)), { repository: scene.name, tag: 'a' }))).toBe(
      'NAME_UNKNOWN',
    );
  });
});
