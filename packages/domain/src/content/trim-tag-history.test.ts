import { v7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { Namespace, Repository, Tag, TagEvent, type User } from '@escale/schema/entities';
import {
  buildOrganization,
  buildRepository,
  buildUser,
  openTestDatabase,
  type TestDatabase,
} from '@escale/schema/testing';
import type { TagName } from '@escale/schema/values';
import { contextFor } from '../testing/domain-test.ts';
import { pushTestImage, type PushedTestImage } from '../testing/push-test-image.ts';
import { restoreTag } from './restore-tag.ts';
import { trimTagHistory } from './trim-tag-history.ts';

const day = 24 * 60 * 60 * 1000;
const daysAgo = (days: number) => new Date(Date.now() - days * day);

let database: TestDatabase;
let owner: User;
let repository: Repository;
let image: PushedTestImage;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  owner = await buildUser(database.orm.em.fork());
});
afterAll(() => database.close());
beforeEach(async () => {
  const em = database.orm.em.fork();
  const acme = await buildOrganization(em, { owner });
  repository = await buildRepository(em, { namespace: acme.namespace });
  image = await pushTestImage(by(), repository, { tags: ['v1'] });
});

const by = () => contextFor(database.orm.em, owner);
const trim = () => trimTagHistory({ em: database.orm.em.fork(), now: new Date() });

/** A lifetime of a tag that was made so many days ago, with its event, and ended so many days ago or not at all. */
async function addLifetime(tag: string, { made, ended }: { made: number; ended?: number }): Promise<void> {
  const em = database.orm.em.fork();
  const { manifest } = await em.findOneOrFail(Tag, { repository: repository.id, name: 'v1' as TagName });
  const name = tag as TagName;
  const at = daysAgo(made);
  const id = () => v7({ msecs: at.getTime() });
  em.create(Tag, {
    id: id(),
    repository: em.getReference(Repository, repository.id),
    name,
    manifest,
    pushedBy: 'x',
    startedAt: at,
    endedAt: ended === undefined ? null : daysAgo(ended),
  });
  em.create(TagEvent, {
    id: id(),
    repository: em.getReference(Repository, repository.id),
    name,
    kind: 'pushed',
    at,
    by: 'x',
    digest: image.digest,
  });
  await em.flush();
}

const left = async (entity: typeof Tag | typeof TagEvent) => {
  const found = await database.orm.em.fork().find<Tag | TagEvent>(entity, { repository: repository.id });
  return found.map(({ name }) => name as string).toSorted();
};

test('a lifetime goes when no window that can be chosen reaches back to its end; an open one never', async () => {
  await addLifetime('open', { made: 400 });
  await addLifetime('restorable', { made: 400, ended: 27 });
  await addLifetime('over', { made: 400, ended: 29 });
  expect((await trim()).lifetimes).toBe(1);
  expect(await left(Tag)).toEqual(['open', 'restorable', 'v1']);
  await restoreTag(by(), { repository: repository.name, tag: 'restorable', digest: image.digest });
  await expect(
    restoreTag(by(), { repository: repository.name, tag: 'over', digest: image.digest }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a namespace whose window is longer than what can be chosen now keeps what it was promised', async () => {
  const em = database.orm.em.fork();
  await em.nativeUpdate(Namespace, { id: repository.namespace.id }, { timeMachineSeconds: (60 * day) / 1000 });
  await addLifetime('restorable', { made: 100, ended: 59 });
  await addLifetime('over', { made: 100, ended: 61 });
  await trim();
  expect(await left(Tag)).toEqual(['restorable', 'v1']);
});

test('what may come back with a deleted repository is left as it was', async () => {
  await addLifetime('over', { made: 400, ended: 300 });
  const em = database.orm.em.fork();
  await em.execute('update repositories set deleted_at = now() where id = ?', [repository.id]);
  await trim();
  expect(await left(Tag)).toEqual(['over', 'v1']);
});

test('what happened is told for a year', async () => {
  await addLifetime('last-year', { made: 366 });
  await addLifetime('this-year', { made: 364 });
  expect((await trim()).events).toBe(1);
  expect(await left(TagEvent)).toEqual(['this-year', 'v1']);
});
