import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { UsageLogEntry, type Repository, type User } from '@escale/schema/entities';
import {
  buildPermission,
  buildRepository,
  buildUser,
  openTestDatabase,
  type TestDatabase,
} from '@escale/schema/testing';
import type { Digest } from '@escale/schema/values';
import { contextFor } from '../testing/domain-test.ts';
import { pushTestImage, pushTestIndex, type TestImage } from '../testing/push-test-image.ts';
import {
  deleteTag,
  deleteUntaggedManifests,
  findManifests,
  listUntaggedManifests,
  restoreTag,
  setTag,
} from './index.ts';

let database: TestDatabase;
let owner: User;
let reader: User;
let repository: Repository;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
});
afterAll(() => database.close());
beforeEach(async () => {
  const em = database.orm.em.fork();
  owner = await buildUser(em);
  reader = await buildUser(em);
  repository = await buildRepository(em, { namespace: owner.namespace });
  await buildPermission(em, repository, reader, 'read');
});

const by = (user: User = owner) => contextFor(database.orm.em, user);
const push = (image: TestImage) => pushTestImage(by(), repository, image);
const list = async (user?: User) =>
  (await listUntaggedManifests(by(user), repository.name, {})).items.map(({ digest }) => digest);
const remove = (...digests: string[]) =>
  deleteUntaggedManifests(by(), { repository: repository.name, digests }).then((outcomes) =>
    outcomes.map(({ digest, refusal }) => [digest, refusal?.code]),
  );
const exists = async (digest: Digest) => (await findManifests(by(), repository.name, [digest])).has(digest);

test('what no tag names is listed, the latest first; what is part of another manifest is not', async () => {
  const alone = await push({ layers: ['alone'] });
  const left = await push({ layers: ['left'], tags: ['moved'] });
  await push({ layers: ['taker'], tags: ['moved'] });
  const child = await push({ layers: ['child'] });
  await pushTestIndex(by(), repository, [child], ['index']);
  const tagged = await push({ layers: ['tagged'], tags: ['v1'] });
  await push({ layers: ['signature'], subject: tagged.digest });
  expect(await list()).toEqual([left.digest, alone.digest]);
  expect(await list(reader)).toEqual([left.digest, alone.digest]);
  const { items, hasNextPage, totalCount, endCursor } = await listUntaggedManifests(by(), repository.name, {
    first: 1,
  });
  expect([items.map(({ digest }) => digest), hasNextPage, totalCount]).toEqual([[left.digest], true, 2]);
  const rest = await listUntaggedManifests(by(), repository.name, { first: 1, after: endCursor });
  expect(rest.items.map(({ digest }) => digest)).toEqual([alone.digest]);
});

test('each is deleted on its own: what is in use, what is none and what is not there are left, and say why', async () => {
  const one = await push({ layers: ['one'] });
  const two = await push({ layers: ['two'] });
  const tagged = await push({ layers: ['tagged'], tags: ['v1'] });
  const child = await push({ layers: ['child'] });
  await pushTestIndex(by(), repository, [child], ['index']);
  const absent = `sha256:${'0'.repeat(64)}`;
  expect(await remove(one.digest, tagged.digest, child.digest, absent, 'latest', two.digest)).toEqual([
    [one.digest, undefined],
    [tagged.digest, 'PRECONDITION_FAILED'],
    [child.digest, 'PRECONDITION_FAILED'],
    [absent, 'NOT_FOUND'],
    ['latest', 'INPUT_INVALID'],
    [two.digest, undefined],
  ]);
  expect([await exists(one.digest), await exists(child.digest), await exists(tagged.digest)]).toEqual([
    false,
    true,
    true,
  ]);
  expect(await list()).toEqual([]);
  const entries = await database.orm.em
    .fork()
    .find(UsageLogEntry, { kind: 'manifest.deleted', repository: repository.name });
  expect(entries.map(({ digest }) => digest).toSorted()).toEqual([one.digest, two.digest].toSorted());
});

test('a tag that named it can bring it back within the window', async () => {
  const { digest } = await push({ tags: ['v1'] });
  await deleteTag(by(), { repository: repository.name, tag: 'v1' });
  expect(await remove(digest)).toEqual([[digest, undefined]]);
  await restoreTag(by(), { repository: repository.name, tag: 'v1', digest });
  expect(await exists(digest)).toBe(true);
});

test('setting a tag at the same moment either keeps it or finds it gone', async () => {
  for (let round = 0; round < 10; round += 1) {
    const { digest } = await push({ layers: [`round ${String(round)}`] });
    const tag = `t${String(round)}`;
    const [set, [outcome]] = await Promise.all([
      setTag(by(), { repository: repository.name, tag, digest }).then(
        () => true,
        () => false,
      ),
      remove(digest),
    ]);
    expect(outcome).toEqual([digest, set ? 'PRECONDITION_FAILED' : undefined]);
    expect(await exists(digest)).toBe(set);
  }
});

test('needs the right to write, and a list that is neither empty nor longer than a hundred', async () => {
  const { digest } = await push({});
  await expect(
    deleteUntaggedManifests(by(reader), { repository: repository.name, digests: [digest] }),
  ).rejects.toMatchObject({ code: 'DENIED' });
  for (const digests of [[], Array.from({ length: 101 }, () => digest)])
    await expect(remove(...digests)).rejects.toMatchObject({ code: 'INPUT_INVALID', field: 'digests' });
});
