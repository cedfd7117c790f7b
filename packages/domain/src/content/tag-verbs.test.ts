import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Namespace, type Repository, type User } from '@escale/schema/entities';
import {
  buildOrganization,
  buildPermission,
  buildRepository,
  buildUser,
  openTestDatabase,
  type TestDatabase,
} from '@escale/schema/testing';
import type { Digest, TagName } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { contextFor } from '../testing/domain-test.ts';
import { pushTestImage, pushTestIndex } from '../testing/push-test-image.ts';
import {
  deleteManifest,
  deleteTag,
  deleteTags,
  endExpiredTags,
  findManifests,
  findTagDetails,
  listTagDetails,
  listTagEvents,
  listTags,
  restoreTag,
  setTag,
  setTagExpiry,
  setTagImmutability,
  setTagsExpiry,
} from './index.ts';
import { keptByTags } from './kept-manifests.ts';

let database: TestDatabase;
let alice: User;
let repository: Repository;
let name: string;
let namespaceId: string;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  const em = database.orm.em.fork();
  alice = await buildUser(em, { name: 'alice' });
  namespaceId = (await buildOrganization(em, { owner: alice })).namespace.id;
});
afterAll(() => database.close());

const ctx = (who: User = alice): Context => contextFor(database.orm.em, who);
/** A repository that no other test knows. */
async function freshRepository(): Promise<Repository> {
  const em = database.orm.em.fork();
  repository = await buildRepository(em, {
    namespace: await em.findOneOrFail(Namespace, { id: namespaceId }),
  });
  ({ name } = repository);
  return repository;
}
const push = (image: Parameters<typeof pushTestImage>[2]) => pushTestImage(ctx(), repository, image);
const digestOf = async (tag: string): Promise<Digest | undefined> => (await findTagDetails(ctx(), name, tag))?.digest;
const history = async (tag?: string) => {
  const { items } = await listTagEvents(ctx(), name, { tag, page: { first: 100 } });
  return items.map(({ kind, digest, previousDigest }) => [kind, digest, previousDigest]);
};
const codeOf = async (act: Promise<unknown>): Promise<string | undefined> => {
  try {
    await act;
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
};
/** Lets time pass, for this repository. */
async function pass(seconds: number): Promise<void> {
  const em = database.orm.em.fork();
  const back = `- interval '${String(seconds)} seconds'`;
  await em.execute(
    `update tags set started_at = started_at ${back}, ended_at = ended_at ${back}, expires_at = expires_at ${back}
       where repository_id = ?`,
    [repository.id],
  );
  await em.execute(`update tag_events set at = at ${back} where repository_id = ?`, [repository.id]);
}

describe('lifetimes', () => {
  test('a tag is pushed, moved, deleted and restored, and its history tells it', async () => {
    await freshRepository();
    const one = await push({ tags: ['v1'], layers: ['one'] });
    const two = await push({ tags: ['v1'], layers: ['two'] });
    expect(await digestOf('v1')).toBe(two.digest);
    await deleteTag(ctx(), { repository: name, tag: 'v1' });
    expect(await digestOf('v1')).toBeUndefined();
    expect((await findManifests(ctx(), name, [two.digest])).size).toBe(1);
    await restoreTag(ctx(), { repository: name, tag: 'v1', digest: one.digest });
    expect(await digestOf('v1')).toBe(one.digest);
    expect(await history('v1')).toEqual([
      ['restored', one.digest, null],
      ['deleted', two.digest, null],
      ['moved', two.digest, one.digest],
      ['pushed', one.digest, null],
    ]);
    const { items } = await listTagEvents(ctx(), name, { page: {} });
    expect(items.map(({ restorable }) => restorable)).toEqual([false, true, true, false]);
    expect(items.map(({ by }) => by)).toEqual(['alice', 'alice', 'alice', 'alice']);
  });

  test('pushing the same manifest again changes nothing', async () => {
    await freshRepository();
    await push({ tags: ['v1'] });
    const before = await findTagDetails(ctx(), name, 'v1');
    await push({ tags: ['v1'] });
    expect(await findTagDetails(ctx(), name, 'v1')).toEqual(before);
    expect(await history()).toHaveLength(1);
  });

  test('delete by tag removes that tag only; by digest the manifest and all its tags, at once (P4)', async () => {
    await freshRepository();
    const { digest } = await push({ tags: ['a', 'b', 'c'] });
    await deleteManifest(ctx(), repository, { kind: 'tag', tag: 'a' as TagName });
    expect((await listTags(ctx(), repository.id, { limit: 10 })).tags).toEqual(['b', 'c']);
    await deleteManifest(ctx(), repository, { kind: 'digest', digest });
    expect((await listTags(ctx(), repository.id, { limit: 10 })).tags).toEqual([]);
    expect((await findManifests(ctx(), name, [digest])).size).toBe(0);
    expect(await codeOf(deleteManifest(ctx(), repository, { kind: 'digest', digest }))).toBe('MANIFEST_UNKNOWN');
    expect(await codeOf(setTag(ctx(), { repository: name, tag: 'd', digest }))).toBe('NOT_FOUND');
  });

  test('a tag of a manifest deleted by digest brings it back, and only that tag', async () => {
    await freshRepository();
    const { digest } = await push({ tags: ['a', 'b'] });
    await deleteManifest(ctx(), repository, { kind: 'digest', digest });
    await restoreTag(ctx(), { repository: name, tag: 'b', digest });
    expect((await listTags(ctx(), repository.id, { limit: 10 })).tags).toEqual(['b']);
    expect((await findManifests(ctx(), name, [digest])).size).toBe(1);
  });

  test('pushing what was deleted by digest brings it back without its tags', async () => {
    await freshRepository();
    const { digest } = await push({ tags: ['a'] });
    await deleteManifest(ctx(), repository, { kind: 'digest', digest });
    await push({});
    expect((await findManifests(ctx(), name, [digest])).size).toBe(1);
    expect((await listTags(ctx(), repository.id, { limit: 10 })).tags).toEqual([]);
  });

  test('nothing is restored that the tag never named, nor once the window is over', async () => {
    await freshRepository();
    const one = await push({ tags: ['a'], layers: ['one'] });
    const two = await push({ tags: ['b'], layers: ['two'] });
    expect(await codeOf(restoreTag(ctx(), { repository: name, tag: 'a', digest: two.digest }))).toBe('NOT_FOUND');
    await deleteManifest(ctx(), repository, { kind: 'digest', digest: one.digest });
    await pass(13 * 86_400);
    const kept = () =>
      ctx().em.execute<unknown[]>(
        `select 1 from manifests m where m.digest = ? and m.repository_id = ? and ${keptByTags('m')}`,
        [one.digest, repository.id],
      );
    expect(await kept()).toHaveLength(1);
    await pass(86_400);
    expect(await kept()).toHaveLength(0);
    expect(await codeOf(restoreTag(ctx(), { repository: name, tag: 'a', digest: one.digest }))).toBe('NOT_FOUND');
  });
});

describe('compare and swap (D25)', () => {
  test('a tag is moved only from what the caller saw, and made only where there is none', async () => {
    await freshRepository();
    const one = await push({ tags: ['a'], layers: ['one'] });
    const two = await push({ layers: ['two'] });
    const set = (more: object) => setTag(ctx(), { repository: name, tag: 'a', digest: two.digest, ...more });
    expect(await codeOf(set({ expectedDigest: two.digest }))).toBe('PRECONDITION_FAILED');
    expect(await codeOf(set({ mustBeNew: true }))).toBe('PRECONDITION_FAILED');
    expect((await set({ expectedDigest: one.digest })).digest).toBe(two.digest);
    expect(await codeOf(setTag(ctx(), { repository: name, tag: 'new', digest: one.digest, mustBeNew: true }))).toBe(
      undefined,
    );
    expect(await codeOf(set({ tag: '.bad' }))).toBe('INPUT_INVALID');
    expect(await codeOf(set({ digest: 'sha256:short' }))).toBe('INPUT_INVALID');
  });
});

describe('immutable tags hold on every way (T13)', () => {
  const ways: [string, (images: { one: Digest; two: Digest }) => Promise<unknown>][] = [
    ['overwriting by a push', () => push({ tags: ['fixed'], layers: ['two'] })],
    ['overwriting among other tags', () => push({ tags: ['other', 'fixed'], layers: ['two'] })],
    [
      'deleting the tag at the registry',
      () => deleteManifest(ctx(), repository, { kind: 'tag', tag: 'fixed' as TagName }),
    ],
    ['deleting the digest', ({ one }) => deleteManifest(ctx(), repository, { kind: 'digest', digest: one })],
    ['deleting the tag', () => deleteTag(ctx(), { repository: name, tag: 'fixed' })],
    ['moving it', ({ two }) => setTag(ctx(), { repository: name, tag: 'fixed', digest: two })],
    ['restoring something else', ({ two }) => restoreTag(ctx(), { repository: name, tag: 'fixed', digest: two })],
    ['an expiry', () => setTagExpiry(ctx(), { repository: name, tag: 'fixed', expiresAt: new Date(Date.now() + 1e6) })],
  ];
  test.each(ways)('%s is refused, and nothing has changed', async (_way, act) => {
    await freshRepository();
    const two = await push({ tags: ['fixed'], layers: ['two'] });
    const one = await push({ tags: ['fixed', 'companion'], layers: ['one'] });
    await setTagImmutability(ctx(), { repository: name, tag: 'fixed', immutable: true });
    const before = await history();
    expect(await codeOf(act({ one: one.digest, two: two.digest }))).toBe('TAG_IMMUTABLE');
    expect(await digestOf('fixed')).toBe(one.digest);
    expect(await digestOf('companion')).toBe(one.digest);
    expect(await history()).toEqual(before);
  });

  test('many at once: the refused one does not keep the others', async () => {
    await freshRepository();
    await push({ tags: ['a', 'b', 'fixed'] });
    await setTagImmutability(ctx(), { repository: name, tag: 'fixed', immutable: true });
    const soon = new Date(Date.now() + 1e6);
    const expiry = await setTagsExpiry(ctx(), { repository: name, tags: ['a', 'fixed', 'none'], expiresAt: soon });
    expect(expiry.map(({ tag, refusal }) => [tag, refusal?.code])).toEqual([
      ['a', undefined],
      ['fixed', 'TAG_IMMUTABLE'],
      ['none', 'NOT_FOUND'],
    ]);
    const outcomes = await deleteTags(ctx(), { repository: name, tags: ['a', 'fixed', 'b', '.bad'] });
    expect(outcomes.map(({ tag, refusal }) => [tag, refusal?.code])).toEqual([
      ['a', undefined],
      ['fixed', 'TAG_IMMUTABLE'],
      ['b', undefined],
      ['.bad', 'INPUT_INVALID'],
    ]);
    expect(await codeOf(deleteTags(ctx(), { repository: name, tags: [] }))).toBe('INPUT_INVALID');
    expect((await listTags(ctx(), repository.id, { limit: 10 })).tags).toEqual(['fixed']);
  });

  test('pushing or setting the same manifest again succeeds', async () => {
    await freshRepository();
    const { digest } = await push({ tags: ['fixed'] });
    await setTagImmutability(ctx(), { repository: name, tag: 'fixed', immutable: true });
    await push({ tags: ['fixed'] });
    await setTag(ctx(), { repository: name, tag: 'fixed', digest });
    expect((await findTagDetails(ctx(), name, 'fixed'))?.immutable).toBe(true);
  });

  test('a tag that expires is not made immutable', async () => {
    await freshRepository();
    await push({ tags: ['a'] });
    await setTagExpiry(ctx(), { repository: name, tag: 'a', expiresAt: new Date(Date.now() + 1e6) });
    expect(await codeOf(setTagImmutability(ctx(), { repository: name, tag: 'a', immutable: true }))).toBe(
      'INPUT_INVALID',
    );
    await setTagExpiry(ctx(), { repository: name, tag: 'a', expiresAt: null });
    expect((await setTagImmutability(ctx(), { repository: name, tag: 'a', immutable: true })).immutable).toBe(true);
  });

  test('whoever writes may set it; taking it back needs an admin', async () => {
    const em = database.orm.em.fork();
    const organization = await buildOrganization(em);
    repository = await buildRepository(em, { namespace: organization.namespace });
    ({ name } = repository);
    const [reader, writer, admin] = [await buildUser(em), await buildUser(em), await buildUser(em)];
    await buildPermission(em, repository, reader, 'read');
    await buildPermission(em, repository, writer, 'write');
    await buildPermission(em, repository, admin, 'admin');
    await pushTestImage(ctx(writer), repository, { tags: ['a'] });
    const fix = (who: User, immutable: boolean) =>
      codeOf(setTagImmutability(ctx(who), { repository: name, tag: 'a', immutable }));
    expect(await fix(reader, true)).toBe('DENIED');
    expect(await fix(writer, true)).toBeUndefined();
    expect(await fix(writer, false)).toBe('DENIED');
    expect(await fix(admin, false)).toBeUndefined();
    expect(await codeOf(deleteTag(ctx(reader), { repository: name, tag: 'a' }))).toBe('DENIED');
    expect(await codeOf(deleteTag(ctx(await buildUser(em)), { repository: name, tag: 'a' }))).toBe('NAME_UNKNOWN');
  });
});

describe('expiry', () => {
  test('an expired tag is gone at once, for reads and for changes, and the job ends it', async () => {
    await freshRepository();
    const { digest } = await push({ tags: ['a', 'b'] });
    for (const tag of ['a', 'b'])
      await setTagExpiry(ctx(), { repository: name, tag, expiresAt: new Date(Date.now() + 5e6) });
    await pass(6000);
    expect((await listTags(ctx(), repository.id, { limit: 10 })).tags).toEqual([]);
    expect(await codeOf(deleteTag(ctx(), { repository: name, tag: 'a' }))).toBe('NOT_FOUND');
    expect(await endExpiredTags(contextFor(database.orm.em, { kind: 'system', name: 'expiry' }))).toBe(2);
    expect(await endExpiredTags(contextFor(database.orm.em, { kind: 'system', name: 'expiry' }))).toBe(0);
    expect((await history('a'))[0]).toEqual(['expired', digest, null]);
    await restoreTag(ctx(), { repository: name, tag: 'a', digest });
    expect((await findTagDetails(ctx(), name, 'a'))?.expiresAt).toBeNull();
  });

  test('an expired tag can be made anew', async () => {
    await freshRepository();
    await push({ tags: ['a'], layers: ['one'] });
    await setTagExpiry(ctx(), { repository: name, tag: 'a', expiresAt: new Date(Date.now() + 5e6) });
    await pass(6000);
    const two = await push({ tags: ['a'], layers: ['two'], condition: { noneMatch: '*' } });
    expect(await digestOf('a')).toBe(two.digest);
    expect((await history('a')).map(([kind]) => kind)).toEqual(['pushed', 'expired', 'expiry_set', 'pushed']);
  });

  test('an expiry lies in the future', async () => {
    await freshRepository();
    await push({ tags: ['a'] });
    const past = new Date(Date.now() - 1);
    expect(await codeOf(setTagExpiry(ctx(), { repository: name, tag: 'a', expiresAt: past }))).toBe('INPUT_INVALID');
  });
});

describe('labels (quay.md §1.7)', () => {
  const hours = (date: Date | null | undefined) => date && Math.round((date.getTime() - Date.now()) / 3_600_000);

  test.each(['quay.expires-after', 'escale.expires-after'])('%s counts from each tagging', async (label) => {
    await freshRepository();
    const { digest } = await push({ tags: ['a'], labels: { [label]: '12h' } });
    expect(hours((await findTagDetails(ctx(), name, 'a'))?.expiresAt)).toBe(12);
    await pass(6 * 3600);
    expect(hours((await findTagDetails(ctx(), name, 'a'))?.expiresAt)).toBe(6);
    await push({ tags: ['a'], labels: { [label]: '12h' } });
    expect(hours((await findTagDetails(ctx(), name, 'a'))?.expiresAt)).toBe(12);
    expect(hours((await setTag(ctx(), { repository: name, tag: 'b', digest })).expiresAt)).toBe(12);
  });

  test.each(['quay.immutable', 'escale.immutable'])(
    '%s makes each tag immutable, which never expires',
    async (label) => {
      await freshRepository();
      await push({ tags: ['a'], labels: { [label]: 'true', 'quay.expires-after': '1d' } });
      expect(await findTagDetails(ctx(), name, 'a')).toMatchObject({ immutable: true, expiresAt: null });
      expect(await codeOf(push({ tags: ['a'], layers: ['other'] }))).toBe('TAG_IMMUTABLE');
    },
  );

  test('an annotation of the manifest comes before a label of the config', async () => {
    await freshRepository();
    await push({ tags: ['a'], labels: { 'quay.expires-after': '1d' }, annotations: { 'escale.expires-after': '2h' } });
    expect(hours((await findTagDetails(ctx(), name, 'a'))?.expiresAt)).toBe(2);
  });

  test('an index asks for what all its children ask for', async () => {
    await freshRepository();
    const day = { 'quay.expires-after': '1d' };
    const [one, two] = [await push({ layers: ['one'], labels: day }), await push({ layers: ['two'], labels: day })];
    const other = await push({ layers: ['three'], labels: { 'quay.expires-after': '2d' } });
    await pushTestIndex(ctx(), repository, [one, two], ['agreed']);
    await pushTestIndex(ctx(), repository, [one, two, other], ['mixed']);
    expect(hours((await findTagDetails(ctx(), name, 'agreed'))?.expiresAt)).toBe(24);
    expect((await findTagDetails(ctx(), name, 'mixed'))?.expiresAt).toBeNull();
  });
});

describe('the list', () => {
  test('comes by name, push and size, found by part of the name or a digest, page by page', async () => {
    await freshRepository();
    const small = await push({ tags: ['b-small'], layers: ['1'] });
    await push({ tags: ['c-large'], layers: ['x'.repeat(5000)] });
    await push({ tags: ['A-middle'], layers: ['y'.repeat(500)] });
    const all = async (orderBy: 'name' | 'pushed' | 'size', search?: string) => {
      const names: string[] = [];
      let after: string | undefined;
      do {
        const page = await listTagDetails(ctx(), name, { orderBy, search, page: { first: 1, after } });
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
    await freshRepository();
    const one = await push({ layers: ['shared', 'only one'] });
    const late = { digest: `sha256:${'0'.repeat(64)}` as Digest, size: 10, mediaType: one.mediaType, configSize: 0 };
    const index = await pushTestIndex(ctx(), repository, [one, late], ['sparse']);
    expect((await findTagDetails(ctx(), name, 'sparse'))?.size).toBe(
      index.size + one.size + one.configSize + 'sharedonly one'.length,
    );
    const other = await freshRepository();
    const [left, right] = [
      await pushTestImage(ctx(), other, { layers: ['shared', 'left'] }),
      await pushTestImage(ctx(), await freshRepository(), { layers: ['shared', 'right'] }),
    ];
    const both = await pushTestIndex(ctx(), repository, [left, right], ['both']);
    const size = async () => (await findTagDetails(ctx(), name, 'both'))?.size;
    expect(await size()).toBe(both.size + right.size + right.configSize + 'sharedright'.length);
    await push({ layers: ['shared', 'left'] });
    expect(await size()).toBe(
      both.size + left.size + left.configSize + right.size + right.configSize + 'sharedrightleft'.length,
    );
    expect((await findTagDetails(ctx(), name, 'both'))?.platforms).toEqual(['linux/arch0', 'linux/arch1']);
  });
});
