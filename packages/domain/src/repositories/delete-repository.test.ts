import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import {
  Namespace,
  Repository,
  UploadSession,
  UsageLogEntry,
  type Organization,
  type User,
} from '@escale/schema/entities';
import {
  buildOrganization,
  buildPermission,
  buildRepository,
  buildRobot,
  buildUser,
  openTestDatabase,
  type TestDatabase,
} from '@escale/schema/testing';
import { findAccessible } from '../access/find-accessible.ts';
import { createOrganization } from '../namespaces/create-organization.ts';
import {
  deleteOrganization,
  listDeletedOrganizations,
  restoreOrganization,
} from '../namespaces/delete-organization.ts';
import { findOrganization } from '../namespaces/find-organization.ts';
import { namespaceNameAvailability } from '../namespaces/namespace-name.ts';
import { purgeDeletedNamespaces } from '../namespaces/purge.ts';
import { setTagImmutability } from '../content/set-tag-immutability.ts';
import { contextFor } from '../testing/domain-test.ts';
import { pushTestImage } from '../testing/push-test-image.ts';
import { createRepository } from './create-repository.ts';
import { deleteRepository, listDeletedRepositories, restoreRepository } from './delete-repository.ts';
import { listRepositories } from './find-repository.ts';

const week = { undoSeconds: 7 * 24 * 3600 };

let database: TestDatabase;
let acme: Organization;
let owner: User;
let repository: Repository;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
});
afterAll(() => database.close());
beforeEach(async () => {
  const em = database.orm.em.fork();
  owner = await buildUser(em);
  acme = await buildOrganization(em, { owner });
  repository = await buildRepository(em, { namespace: acme.namespace, visibility: 'public' });
});

const by = (user: User) => contextFor(database.orm.em, user);
/** A job that runs so many days from now. */
const purge = (days: number) => {
  const ctx = contextFor(database.orm.em, { kind: 'system', name: 'purge' } as never);
  return purgeDeletedNamespaces({ ...ctx, now: new Date(Date.now() + days * 24 * 3600 * 1000) });
};
const drop = (name: string = repository.name) =>
  deleteRepository(by(owner), { repository: name, confirmName: name }, week);

describe('a deleted repository', () => {
  test('needs its name once more', async () => {
    const unmeant = deleteRepository(by(owner), { repository: repository.name, confirmName: repository.path }, week);
    await expect(unmeant).rejects.toMatchObject({ code: 'INPUT_INVALID', field: 'confirmName' });
    expect(await findAccessible(by(owner), repository.name)).toBeDefined();
  });

  test('is gone for everybody at once, administrators of the registry included, and its name is free', async () => {
    await drop();
    const boss = await buildUser(database.orm.em.fork(), { isAdministrator: true });
    for (const user of [owner, boss]) {
      expect(await findAccessible(by(user), repository.name)).toBeUndefined();
      expect((await listRepositories(by(user), { namespace: acme.name, page: {} })).items).toEqual([]);
    }
    const fresh = await createRepository(by(owner), { name: repository.name });
    expect(fresh.id).not.toBe(repository.id);
  });

  test('comes back as it was, with its permissions', async () => {
    const guest = await buildUser(database.orm.em.fork());
    await buildPermission(database.orm.em.fork(), repository, guest, 'write');
    await drop();
    const listed = await listDeletedRepositories(by(owner), acme.name, {});
    expect(listed.items.map(({ name, deletedBy }) => [name, deletedBy])).toEqual([[repository.name, owner.username]]);
    await expect(restoreRepository(by(guest), { repository: repository.name })).rejects.toMatchObject({
      code: 'NAME_UNKNOWN',
    });
    await restoreRepository(by(owner), { repository: repository.name });
    expect((await findAccessible(by(guest), repository.name))?.role).toBe('write');
  });

  test('does not come back over another that took its name; of several the last one does', async () => {
    await drop();
    const second = await createRepository(by(owner), { name: repository.name });
    await expect(restoreRepository(by(owner), { repository: repository.name })).rejects.toMatchObject({
      code: 'REPOSITORY_EXISTS',
    });
    await drop();
    expect((await restoreRepository(by(owner), { repository: repository.name })).id).toBe(second.id);
  });

  test('is purged when its window is over, not before; unfinished uploads are discarded first', async () => {
    await drop();
    const em = database.orm.em.fork();
    const open = {
      principal: 'user:x',
      algorithm: 'sha256' as const,
      parts: [],
      expiresAt: new Date(Date.now() + 1e10),
    };
    const upload = em.create(UploadSession, {
      repository: em.getReference(Repository, repository.id),
      namespace: em.getReference(Namespace, acme.namespace.id),
      ...open,
    });
    await em.flush();
    const exists = async () => (await database.orm.em.fork().count(Repository, { id: repository.id })) === 1;
    await purge(6);
    expect(await exists()).toBe(true);
    await purge(8);
    expect(await exists()).toBe(true);
    await em.refresh(upload);
    expect(upload.expiresAt.getTime()).toBeLessThan(Date.now() + 9 * 24 * 3600 * 1000);
    await em.remove(upload).flush();
    await purge(8);
    expect(await exists()).toBe(false);
    expect(
      await database.orm.em.fork().count(UsageLogEntry, { kind: 'repository.purged', repository: repository.name }),
    ).toBe(1);
    await expect(restoreRepository(by(owner), { repository: repository.name })).rejects.toMatchObject({
      code: 'NAME_UNKNOWN',
    });
  });
});

describe('a deleted organization', () => {
  const dropAll = () => deleteOrganization(by(owner), { name: acme.name, confirmName: acme.name }, week);

  test('is gone with all in it, and its name stays taken', async () => {
    await expect(deleteOrganization(by(owner), { name: acme.name, confirmName: 'acme' }, week)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      field: 'confirmName',
    });
    await dropAll();
    expect(await findOrganization(by(owner), acme.name)).toBeUndefined();
    expect(await findAccessible(by(owner), repository.name)).toBeUndefined();
    expect((await listRepositories(by(owner), { search: repository.name, page: {} })).items).toEqual([]);
    await expect(createRepository(by(owner), { name: `${acme.name}/new` })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await namespaceNameAvailability(by(owner), acme.name)).toBe('TAKEN');
    await expect(createOrganization(by(owner), { name: acme.name })).rejects.toMatchObject({ code: 'NAMESPACE_TAKEN' });
  });

  test('is kept while a repository in it has immutable tags, and the answer names it', async () => {
    const image = { repository: repository.name, tag: 'v1' };
    await pushTestImage(by(owner), repository, { tags: [image.tag] });
    await setTagImmutability(by(owner), { ...image, immutable: true });
    await expect(dropAll()).rejects.toMatchObject({
      code: 'TAG_IMMUTABLE',
      message: expect.stringContaining(repository.name) as string,
      detail: { repositories: [repository.name] },
    });
    expect(await findOrganization(by(owner), acme.name)).toBeDefined();
    await setTagImmutability(by(owner), { ...image, immutable: false });
    await dropAll();
    expect(await findOrganization(by(owner), acme.name)).toBeUndefined();
  });

  test('comes back as it was, for those who administered it', async () => {
    await dropAll();
    const stranger = await buildUser(database.orm.em.fork());
    await expect(restoreOrganization(by(stranger), { name: acme.name })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await listDeletedOrganizations(by(stranger), {})).items).toEqual([]);
    expect((await listDeletedOrganizations(by(owner), {})).items.map(({ id }) => id)).toEqual([acme.id]);
    await restoreOrganization(by(owner), { name: acme.name });
    expect((await findAccessible(by(owner), repository.name))?.role).toBe('admin');
    await expect(restoreOrganization(by(owner), { name: acme.name })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('is purged with everything when its window is over; then its name is free', async () => {
    await buildRobot(database.orm.em.fork(), { namespace: acme.namespace });
    await dropAll();
    await purge(6);
    expect(await database.orm.em.fork().count(Namespace, { name: acme.name })).toBe(1);
    await Promise.all([purge(8), purge(8)]);
    await purge(8);
    expect(await database.orm.em.fork().count(Namespace, { name: acme.name })).toBe(0);
    await createOrganization(by(owner), { name: acme.name });
  });
});

describe('many at the same moment', () => {
  test('64 creations of one repository make one, and 63 are told so', async () => {
    const name = `${acme.name}/contested`;
    const outcomes = await Promise.allSettled(Array.from({ length: 64 }, () => createRepository(by(owner), { name })));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const codes = outcomes.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []));
    expect(new Set(codes)).toEqual(new Set(['REPOSITORY_EXISTS']));
  });

  test('64 creations of one organization make one', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 64 }, () => createOrganization(by(owner), { name: 'contested' })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const codes = outcomes.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []));
    expect(new Set(codes)).toEqual(new Set(['NAMESPACE_TAKEN']));
  });
});
