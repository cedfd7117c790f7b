import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { User } from '@escale/schema/entities';
import {
  buildOrganization,
  buildPermission,
  buildRepository,
  buildRobot,
  buildTeam,
  buildUser,
  openTestDatabase,
  type TestDatabase,
} from '@escale/schema/testing';
import { deleteOrganization } from '../namespaces/delete-organization.ts';
import { contextFor } from '../testing/domain-test.ts';
import { search } from './search.ts';

let database: TestDatabase;
let alice: User;
let bob: User;
let boss: User;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  const em = database.orm.em.fork();
  alice = await buildUser(em, { name: 'alice' });
  bob = await buildUser(em, { name: 'bob' });
  boss = await buildUser(em, { name: 'boss', isAdministrator: true });
  const harbour = await buildOrganization(em, { name: 'harbour', owner: alice });
  await buildRepository(em, { namespace: harbour.namespace, path: 'harbour' });
  const shared = await buildRepository(em, { namespace: harbour.namespace, path: 'shared' });
  await buildPermission(em, shared, bob, 'read');
  await buildTeam(em, { organization: harbour, name: 'harbourers', members: [alice] });
  await buildRobot(em, { namespace: harbour.namespace, name: 'pilot' });
  await buildOrganization(em, { name: 'old-harbour', owner: bob });
  const open = await buildOrganization(em, { name: 'open-harbour', owner: bob });
  await buildRepository(em, { namespace: open.namespace, path: 'app', visibility: 'public' });
  await buildOrganization(em, { name: 'gone-harbour', owner: alice });
  await deleteOrganization(
    contextFor(database.orm.em, alice),
    { name: 'gone-harbour', confirmName: 'gone-harbour' },
    { undoSeconds: 60 },
  );
});
afterAll(() => database.close());

const found = async (who: User | undefined, text: string, first?: number) => {
  const results = await search(contextFor(database.orm.em, who), { text, first });
  return results.map((one) => ('username' in one ? one.username : 'login' in one ? one.login : one.name));
};

test('the exact name comes first, then what begins so, then the rest, each by name; what may not be known is left out', async () => {
  expect(await found(alice, 'harbour')).toEqual([
    'harbour',
    'harbour+pilot',
    'harbour/harbour',
    'harbour/shared',
    'harbourers',
    'open-harbour',
    'open-harbour/app',
  ]);
});

test('others find an organization by what they may see in it, and nothing else of it', async () => {
  expect(await found(bob, 'harbour')).toEqual([
    'harbour',
    'harbour/shared',
    'old-harbour',
    'open-harbour',
    'open-harbour/app',
  ]);
  expect(await found(undefined, 'harbour')).toEqual(['open-harbour', 'open-harbour/app']);
});

test('administrators find everything that is not deleted', async () => {
  expect(await found(boss, 'HARBOUR ')).toEqual([
    'harbour',
    'harbour+pilot',
    'harbour/harbour',
    'harbour/shared',
    'harbourers',
    'old-harbour',
    'open-harbour',
    'open-harbour/app',
  ]);
});

test('people are found by what they own and others may see; signs mean themselves; nothing finds nothing', async () => {
  expect(await found(alice, 'alice')).toEqual(['alice']);
  expect(await found(bob, 'alice')).toEqual([]);
  expect(await found(alice, '%')).toEqual([]);
  expect(await found(alice, ' ')).toEqual([]);
  expect(await found(alice, 'harbour', 2)).toEqual(['harbour', 'harbour+pilot']);
});
