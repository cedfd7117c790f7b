import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import {
  Permission,
  UsageLogEntry,
  type Organization,
  type Repository,
  type Robot,
  type Team,
  type User,
} from '@escale/schema/entities';
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
import type { RepositoryName } from '@escale/schema/values';
import type { Principal } from '../access/principal.ts';
import { createRepository, repositoryForPush } from '../repositories/create-repository.ts';
import { contextFor } from '../testing/domain-test.ts';
import { applyDefaultPermissions } from './apply.ts';
import {
  createDefaultPermission,
  deleteDefaultPermission,
  updateDefaultPermission,
} from './change-default-permission.ts';
import { previewDefaultPermissions } from './preview.ts';

let database: TestDatabase;
let acme: Organization;
let owner: User;
let maker: User;
let reader: User;
let robot: Robot;
let team: Team;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
});
afterAll(() => database.close());
beforeEach(async () => {
  const em = database.orm.em.fork();
  [owner, maker, reader] = [await buildUser(em), await buildUser(em), await buildUser(em)];
  acme = await buildOrganization(em, { owner });
  robot = await buildRobot(em, { namespace: acme.namespace });
  team = await buildTeam(em, { organization: acme, name: 'developers' });
  await buildTeam(em, { organization: acme, name: 'makers', role: 'creator', members: [maker, robot] });
});

const by = (who: User | Principal) => contextFor(database.orm.em, who);
const rule = (input: { grantee: object; role: 'admin' | 'read' | 'write'; createdBy?: string }) =>
  createDefaultPermission(by(owner), { organization: acme.name, ...input });

let counter = 0;
const newName = () => `${acme.name}/app-${String((counter += 1))}` as RepositoryName;

/** Who has which permission of its own: `user:<id> role`, … */
async function held(repository: { id: string }): Promise<Record<string, string>> {
  const permissions = await database.orm.em.fork().find(Permission, { repository: repository.id });
  return Object.fromEntries(
    permissions.map(({ user, robot: machine, team: group, role }) => [(user ?? machine ?? group)?.id, role]),
  );
}

describe('a new repository', () => {
  test('gets what the rules for anyone say; its creator is admin', async () => {
    await rule({ grantee: { team: 'developers' }, role: 'write' });
    await rule({ grantee: { user: reader.username }, role: 'read' });
    const repository = await createRepository(by(maker), { name: newName() });
    expect(await held(repository)).toEqual({ [maker.id]: 'admin', [team.id]: 'write', [reader.id]: 'read' });
  });

  test('a rule for its creator stands above the one for anyone, also when it gives less', async () => {
    await rule({ grantee: { team: 'developers' }, role: 'write' });
    await rule({ grantee: { team: 'developers' }, role: 'read', createdBy: maker.username });
    expect(await held(await createRepository(by(maker), { name: newName() }))).toMatchObject({ [team.id]: 'read' });
    expect(await held(await createRepository(by(owner), { name: newName() }))).toMatchObject({ [team.id]: 'write' });
  });

  test('a rule for the creator itself gives nothing: admin stays', async () => {
    await rule({ grantee: { user: maker.username }, role: 'read' });
    expect(await held(await createRepository(by(maker), { name: newName() }))).toEqual({ [maker.id]: 'admin' });
  });

  test('made by the push of a robot gets them too, those for that robot first', async () => {
    await rule({ grantee: { team: 'developers' }, role: 'write', createdBy: robot.login });
    await rule({ grantee: { team: 'developers' }, role: 'read' });
    const machine: Principal = {
      kind: 'robot',
      id: robot.id,
      namespaceId: acme.namespace.id,
      name: robot.login,
      credential: { kind: 'robot-token' },
    };
    const repository = await repositoryForPush(by(machine), newName(), undefined);
    expect(await held(repository)).toEqual({ [robot.id]: 'admin', [team.id]: 'write' });
  });

  test('in a personal namespace gets none', async () => {
    const repository = await createRepository(by(maker), { name: `${maker.username}/own` });
    expect(await held(repository)).toEqual({});
  });

  test('the preview says what it would get, and from which rule', async () => {
    const anyone = await rule({ grantee: { user: reader.username }, role: 'read' });
    const specific = await rule({ grantee: { team: 'developers' }, role: 'write', createdBy: maker.username });
    const preview = await previewDefaultPermissions(by(owner), { organization: acme.name, createdBy: maker.username });
    expect(preview.map(({ grantee, role, rule: from }) => [grantee.id, role, from?.id])).toEqual([
      [maker.id, 'admin', undefined],
      [reader.id, 'read', anyone.id],
      [team.id, 'write', specific.id],
    ]);
    const made = await held(await createRepository(by(maker), { name: newName() }));
    expect(made).toEqual(Object.fromEntries(preview.map(({ grantee, role }) => [grantee.id, role])));
  });
});

describe('rules', () => {
  test('of the same creator and grantee are refused, also at the same moment; another creator is another rule', async () => {
    const again = () => rule({ grantee: { team: 'developers' }, role: 'read' });
    const outcomes = await Promise.allSettled([again(), again(), again()]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'DEFAULT_PERMISSION_EXISTS' });
    await rule({ grantee: { team: 'developers' }, role: 'read', createdBy: robot.login });
  });

  test('that change or end leave existing repositories as they are', async () => {
    const { id } = await rule({ grantee: { team: 'developers' }, role: 'read' });
    const repository = await createRepository(by(maker), { name: newName() });
    await updateDefaultPermission(by(owner), { id, role: 'admin' });
    await deleteDefaultPermission(by(owner), { id });
    expect(await held(repository)).toMatchObject({ [team.id]: 'read' });
  });
});

describe('applying them to existing repositories', () => {
  let old: Repository;
  let higher: Repository;
  beforeEach(async () => {
    const em = database.orm.em.fork();
    old = await buildRepository(em, { namespace: acme.namespace, path: 'a-old' });
    higher = await buildRepository(em, { namespace: acme.namespace, path: 'b-higher' });
    await buildPermission(em, higher, team, 'admin');
    await buildPermission(em, old, reader, 'read');
    await rule({ grantee: { team: 'developers' }, role: 'write' });
    await rule({ grantee: { user: reader.username }, role: 'write' });
  });

  const apply = (effect?: string) => applyDefaultPermissions(by(owner), { organization: acme.name, effect });

  test('lists first and does nothing; then does exactly that: adds and raises, never lowers', async () => {
    const list = await apply();
    expect(list.applied).toBe(false);
    expect(
      list.changes.map(({ repository, grantee, role, before }) => [repository.path, grantee.id, role, before]),
    ).toEqual([
      ['a-old', team.id, 'write', undefined],
      ['a-old', reader.id, 'write', 'read'],
      ['b-higher', reader.id, 'write', undefined],
    ]);
    expect(await held(old)).toEqual({ [reader.id]: 'read' });
    expect((await apply(list.effect)).applied).toBe(true);
    expect(await held(old)).toEqual({ [reader.id]: 'write', [team.id]: 'write' });
    expect(await held(higher)).toEqual({ [reader.id]: 'write', [team.id]: 'admin' });
    expect((await apply()).changes).toEqual([]);
  });

  test('refuses when something changed since the list was made', async () => {
    const { effect } = await apply();
    await buildRepository(database.orm.em.fork(), { namespace: acme.namespace, path: 'c-new' });
    await expect(apply(effect)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect(await held(old)).toEqual({ [reader.id]: 'read' });
  });

  test('any number of repositories is looked at and changed, page by page; the first thousand changes are listed', async () => {
    const count = 2500;
    await database.orm.em.getConnection().execute(
      `insert into repositories (id, namespace_id, name, visibility, created_by, created_at)
         select gen_random_uuid(), ?, ? || '/many-' || lpad(i::text, 5, '0'), 'private', 'user:' || gen_random_uuid(), now()
           from generate_series(1, ${String(count)}) i`,
      [acme.namespace.id, acme.name],
    );
    const list = await apply();
    expect([list.changes.length, list.totalCount]).toEqual([1000, 2 * count + 3]);
    expect(list.changes.slice(0, 4).map(({ repository }) => repository.path)).toEqual([
      'a-old',
      'a-old',
      'b-higher',
      'many-00001',
    ]);
    expect(await apply(list.effect)).toMatchObject({ totalCount: 2 * count + 3, applied: true });
    expect(await apply()).toMatchObject({ changes: [], totalCount: 0 });
    const entries = await database.orm.em
      .fork()
      .count(UsageLogEntry, { kind: 'default_permission.applied', namespaceId: acme.namespace.id });
    expect(entries).toBe(2 * count + 3);
  });

  test('two at once make the changes once', async () => {
    const { effect } = await apply();
    const outcomes = await Promise.allSettled([apply(effect), apply(effect)]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'PRECONDITION_FAILED' },
    });
    expect(await held(old)).toEqual({ [reader.id]: 'write', [team.id]: 'write' });
  });
});
