import { randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Manifest, Tag, User as UserEntity, type Repository, type User } from '@escale/schema/entities';
import type { Digest, TagName } from '@escale/schema/values';
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
  return results.map((one) => {
    if (one instanceof Tag) return `${one.repository.name}:${one.name}`;
    return 'username' in one ? one.username : 'login' in one ? one.login : one.name;
  });
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

test('tags are found by how they begin in one’s own repositories, and by repository:tag in all that one may see; after all else', async () => {
  const em = database.orm.em.fork();
  const owner = await em.findOneOrFail(UserEntity, { namespace: { name: 'alice' } });
  const yard = await buildOrganization(em, { name: 'yard', owner });
  const hull = await buildRepository(em, { namespace: yard.namespace, path: 'hull' });
  const open = await buildRepository(em, { namespace: yard.namespace, path: 'open', visibility: 'public' });
  await buildTags(em, hull, ['2.0', '2.1', 'RC-2', 'yard']);
  await buildTags(em, open, ['2.2', '12']);
  await buildTags(em, hull, ['2.gone'], { endedAt: new Date() });
  await buildTags(em, hull, ['2.expired'], { expiresAt: new Date(Date.now() - 1000) });
  expect(await found(alice, '2.')).toEqual(['yard/hull:2.0', 'yard/hull:2.1', 'yard/open:2.2']);
  expect(await found(alice, 'RC')).toEqual(['yard/hull:RC-2']);
  expect(await found(alice, 'yard')).toEqual(['yard', 'yard/hull', 'yard/open', 'yard/hull:yard']);
  expect(await found(alice, 'Hull:2.')).toEqual(['yard/hull:2.0', 'yard/hull:2.1']);
  expect(await found(alice, 'yard/hull:', 2)).toEqual(['yard/hull:2.0', 'yard/hull:2.1']);
  expect(await found(boss, 'yard:2')).toEqual(['yard/hull:2.0', 'yard/hull:2.1', 'yard/open:2.2']);
  // Others see what is public, where they say in which repository.
  expect(await found(bob, '2.')).toEqual([]);
  expect(await found(bob, 'yard:2.')).toEqual(['yard/open:2.2']);
  expect(await found(undefined, 'yard/open:2')).toEqual(['yard/open:2.2']);
  expect(await found(undefined, '2.')).toEqual([]);
  expect(await found(alice, 'hull:%')).toEqual([]);
  expect(await found(alice, 'hull:2{')).toEqual([]);
});

async function buildTags(em: EntityManager, repository: Repository, names: readonly string[], how: Partial<Tag> = {}) {
  const digest = `sha256:${randomBytes(32).toString('hex')}` as Digest;
  const manifest = em.create(Manifest, {
    ...{ repository, digest, mediaType: 'application/vnd.oci.image.manifest.v1+json' },
    ...{ payload: Buffer.from('{}'), size: 2, annotations: {} },
  });
  for (const name of names)
    em.create(Tag, { repository, manifest, name: name as TagName, pushedBy: 'alice', startedAt: new Date(), ...how });
  await em.flush();
}
