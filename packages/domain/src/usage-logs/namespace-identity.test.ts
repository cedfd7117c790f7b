import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Repository, UsageLogEntry, type User } from '@escale/schema/entities';
import { buildUser, openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { parseRepositoryName } from '@escale/schema/values';
import { createOrganization } from '../namespaces/create-organization.ts';
import { deleteOrganization } from '../namespaces/delete-organization.ts';
import { purgeDeletedNamespaces } from '../namespaces/purge.ts';
import { createRepository } from '../repositories/create-repository.ts';
import { deleteRepository, restoreRepository } from '../repositories/delete-repository.ts';
import { contextFor } from '../testing/domain-test.ts';
import { confirmUsername } from '../users/confirm-username.ts';
import { signInUser } from '../users/sign-in-user.ts';
import { findExport, readExport, requestExport } from './export-usage.ts';
import { countUsage, listUsage, type UsageFilter, type UsageScope } from './list-usage.ts';
import { writeNextExport } from './write-export.ts';

let database: TestDatabase;
let before: User;
let after: User;
let boss: User;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  const em = database.orm.em.fork();
  before = await buildUser(em);
  after = await buildUser(em);
  boss = await buildUser(em, { isAdministrator: true });
  // `acme` of one owner is purged, and the name given to another.
  await createOrganization(by(before), { name: 'acme' });
  await createRepository(by(before), { name: 'acme/app' });
  await deleteOrganization(by(before), { name: 'acme', confirmName: 'acme' }, { undoSeconds: 0 });
  await purgeDeletedNamespaces(contextFor(database.orm.em, { kind: 'system', name: 'purge' }));
  await createOrganization(by(after), { name: 'acme' });
  await createRepository(by(after), { name: 'acme/app' });
});
afterAll(() => database.close());

const parsed = (name: string) => parseRepositoryName(name) ?? expect.fail(`${name} is no name`);
const by = (user: User) => contextFor(database.orm.em, user);
const kinds = async (user: User, scope: UsageScope, filter: UsageFilter = {}) =>
  (await listUsage(by(user), scope, filter, {})).items.map(({ kind, performer }) => [kind, performer]);

test('a name that is given out again starts with an empty log, and so does a repository under it', async () => {
  expect(await kinds(after, { namespace: 'acme' })).toEqual([
    ['repository.created', after.username],
    ['organization.created', after.username],
  ]);
  expect(await kinds(after, { repository: 'acme/app' })).toEqual([['repository.created', after.username]]);
  const counts = await countUsage(by(after), { namespace: 'acme' }, {});
  expect(counts.map(({ kind, count }) => [kind, count])).toEqual([
    ['organization.created', 1],
    ['repository.created', 1],
  ]);
  const { id } = await requestExport(by(after), { namespace: 'acme', format: 'csv' });
  await writeNextExport(contextFor(database.orm.em));
  expect(await findExport(by(after), id)).toMatchObject({ state: 'ready', entries: 2 });
});

test('a repository whose name is given out again in its namespace starts with an empty log, and the old one keeps its own', async () => {
  const repository = 'acme/again';
  const remove = () => deleteRepository(by(after), { repository, confirmName: repository }, { undoSeconds: 60 });
  const log = async () => (await kinds(after, { repository })).map(([kind]) => kind);
  await createRepository(by(after), { name: repository });
  const asked = await requestExport(by(after), { repository, format: 'csv' });
  await writeNextExport(contextFor(database.orm.em));
  const read = () => readExport(by(after), asked.id).next();
  expect((await read()).done).toBe(false);
  await remove();
  await createRepository(by(after), { name: repository });
  expect(await log()).toEqual(['repository.created']);
  const counts = await countUsage(by(after), { repository }, {});
  expect(counts.map(({ kind, count }) => [kind, count])).toEqual([['repository.created', 1]]);
  // What was written about the old one is not shown to who administers the new one.
  await expect(read()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const newer = await database.orm.em.fork().findOneOrFail(Repository, { name: parsed(repository), deletedAt: null });
  await database.orm.em.getConnection().execute('delete from repositories where id = ?', [newer.id]);
  await restoreRepository(by(after), { repository });
  expect(await log()).toEqual([
    'repository.restored',
    'repository.deleted',
    'usage_log.exported',
    'repository.created',
  ]);
  const whole = await kinds(after, { namespace: 'acme' });
  expect(whole.filter(([kind]) => kind === 'repository.created')).toHaveLength(3);
});

test('administrators read what the name saw before', async () => {
  const all = await kinds(boss, {}, { namespace: 'acme' });
  expect(all).toEqual(
    expect.arrayContaining([
      ['organization.created', before.username],
      ['organization.deleted', before.username],
      ['organization.purged', 'purge'],
      ['organization.created', after.username],
    ]),
  );
});

test('a user keeps the own log when the derived name is changed', async () => {
  const nobody = contextFor(database.orm.em);
  const identity = { issuer: 'https://id.example.org', subject: '1', preferredName: 'Zoé', isAdministrator: false };
  const user = await signInUser(nobody, { ...identity, groups: [] });
  const derived = user.username;
  await confirmUsername(by(user), { username: 'zoe-m' });
  const renamed = await database.orm.em.fork().find(UsageLogEntry, { namespace: { $in: [derived, 'zoe-m'] } });
  expect(new Set(renamed.map(({ namespaceId }) => namespaceId))).toEqual(new Set([user.namespace.id]));
  expect(renamed.map(({ kind }) => kind).toSorted()).toEqual(['user.created', 'user.renamed', 'user.signed_in']);
});
