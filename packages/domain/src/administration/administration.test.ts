import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { RegistrySettings, UsageLogEntry, type User } from '@escale/schema/entities';
import { buildOrganization, buildUser, openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { createApiToken } from '../api-tokens/index.ts';
import { createApplicationToken } from '../application-tokens/index.ts';
import { authenticateBasic } from '../credentials/authenticate.ts';
import { createOrganization } from '../namespaces/index.ts';
import { createRobot } from '../robots/index.ts';
import { contextFor } from '../testing/domain-test.ts';
import { purgeUsage } from '../usage-logs/purge-usage.ts';
import { disableUser, enableUser, revokeTokens, takeOverOrganization, updateRegistrySettings } from './index.ts';

let database: TestDatabase;
let admin: User;
let alice: User;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
});
afterAll(() => database.close());
beforeEach(async () => {
  const em = database.orm.em.fork();
  await em.nativeDelete(RegistrySettings, {});
  admin = await buildUser(em, { isAdministrator: true });
  alice = await buildUser(em);
});

const by = (user: User) => contextFor(database.orm.em, user);
const nobody = () => contextFor(database.orm.em);
const days = (count: number) => new Date(Date.now() + count * 24 * 60 * 60 * 1000);

describe('a disabled user', () => {
  test('and the robots of the own namespace are nobody at once, until enabled again (S5)', async () => {
    const app = await createApplicationToken(by(alice), { title: 'laptop' });
    const { robot, plain } = await createRobot(by(alice), { namespace: alice.username, name: 'ci' });
    await disableUser(by(admin), { username: alice.username });
    await expect(authenticateBasic(nobody(), '$app', app.plain)).rejects.toThrow(/disabled/);
    await expect(authenticateBasic(nobody(), robot.login, plain)).rejects.toThrow(/disabled/);
    await enableUser(by(admin), { username: alice.username });
    expect(await authenticateBasic(nobody(), robot.login, plain)).toMatchObject({ kind: 'robot' });
    const entries = await database.orm.em
      .fork()
      .find(UsageLogEntry, { namespace: alice.username, performer: admin.username });
    expect(entries.map(({ kind }) => kind).sort()).toEqual(['user.disabled', 'user.enabled']);
  });

  test('is never oneself', async () => {
    await expect(disableUser(by(admin), { username: admin.username })).rejects.toMatchObject({ code: 'DENIED' });
  });
});

test('an organization is taken over in the open: the administrator is a member, and its log says so', async () => {
  const acme = await buildOrganization(database.orm.em.fork());
  await takeOverOrganization(by(admin), { organization: acme.name });
  await takeOverOrganization(by(admin), { organization: acme.name });
  const members = await database.orm.em
    .fork()
    .execute<unknown[]>('select 1 from team_memberships where user_id = ?', [admin.id]);
  expect(members).toHaveLength(1);
  const entries = await database.orm.em.fork().find(UsageLogEntry, { namespace: acme.name });
  expect(entries.map(({ kind }) => kind)).toEqual(['organization.taken_over']);
});

test('all tokens of a namespace made in a window are ended at once, and no others (S7)', async () => {
  const app = await createApplicationToken(by(alice), { title: 'laptop' });
  const { robot, plain } = await createRobot(by(alice), { namespace: alice.username, name: 'ci' });
  const bob = await buildUser(database.orm.em.fork());
  const other = await createApplicationToken(by(bob), { title: 'laptop' });
  const namespace = alice.username;
  expect(await revokeTokens(by(admin), { namespace, createdTo: days(-1) })).toEqual({ revoked: 0 });
  expect(await revokeTokens(by(admin), { namespace, createdFrom: days(-1) })).toEqual({ revoked: 2 });
  await expect(authenticateBasic(nobody(), '$app', app.plain)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  await expect(authenticateBasic(nobody(), robot.login, plain)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  expect(await authenticateBasic(nobody(), '$app', other.plain)).toMatchObject({ id: bob.id });
});

describe('what is decided for the whole registry', () => {
  test('a ceiling holds for new tokens, and for never', async () => {
    await updateRegistrySettings(by(admin), { apiTokenDays: 7 });
    const create = (expiresAt?: Date | null) => createApiToken(by(alice), { title: 't', scopes: ['read'], expiresAt });
    const refused = { code: 'INPUT_INVALID', field: 'expiresAt' };
    await expect(create(days(8))).rejects.toMatchObject(refused);
    await expect(create(null)).rejects.toMatchObject(refused);
    expect((await create(days(7))).apiToken.expiresAt).toBeInstanceOf(Date);
    const unsaid = (await create()).apiToken.expiresAt;
    expect(unsaid && unsaid <= days(7)).toBe(true);
  });

  test('without a ceiling a token lives 90 days unless said otherwise, and for ever when that is said (S5)', async () => {
    const left = (await createApplicationToken(by(alice), { title: 't' })).applicationToken.expiresAt;
    expect(left && left > days(89) && left < days(91)).toBe(true);
    expect(
      (await createApplicationToken(by(alice), { title: 't', expiresAt: null })).applicationToken.expiresAt,
    ).toBeNull();
  });

  test('organizations may be for administrators alone', async () => {
    await updateRegistrySettings(by(admin), { organizationCreation: 'administrators' });
    await expect(createOrganization(by(alice), { name: `${alice.username}-org` })).rejects.toMatchObject({
      code: 'DENIED',
    });
    await createOrganization(by(admin), { name: `${admin.username}-org` });
  });

  test.each([
    [{ timeMachineChoices: [] }, 'timeMachineChoices'],
    [{ timeMachineChoices: [-1] }, 'timeMachineChoices'],
    [{ timeMachineSeconds: 5 }, 'timeMachineSeconds'],
    [{ robotTokenDays: 0 }, 'robotTokenDays'],
    [{ logRetentionDays: 4000 }, 'logRetentionDays'],
  ])('%j is refused at the field', async (changes, field) => {
    await expect(updateRegistrySettings(by(admin), changes)).rejects.toMatchObject({ code: 'INPUT_INVALID', field });
  });

  test('null takes a ceiling away; what is left out stays', async () => {
    await updateRegistrySettings(by(admin), { apiTokenDays: 7, robotTokenDays: 8 });
    const after = await updateRegistrySettings(by(admin), { apiTokenDays: null, timeMachineSeconds: null });
    expect(after).toMatchObject({ apiTokenDays: null, robotTokenDays: 8, timeMachineSeconds: 14 * 24 * 60 * 60 });
  });

  test('old entries go by the own setting of an organization, else by that of the registry', async () => {
    const em = database.orm.em.fork();
    const acme = await buildOrganization(em);
    const keeps = await buildOrganization(em);
    acme.logRetentionDays = 5;
    await em.flush();
    const write = (namespace: string, age: number) =>
      database.orm.em
        .fork()
        .execute(
          `insert into usage_log_entries (id, kind, at, namespace, performer_kind) values (gen_random_uuid(), 'user.created', ?, ?, 'system')`,
          [days(-age), namespace],
        );
    for (const { name } of [acme, keeps]) for (const age of [1, 6, 40]) await write(name, age);
    const left = (namespace: string) => database.orm.em.fork().count(UsageLogEntry, { namespace });
    await purgeUsage({ em: database.orm.em.fork(), now: new Date() });
    expect([await left(acme.name), await left(keeps.name)]).toEqual([1, 3]);
    await updateRegistrySettings(by(admin), { logRetentionDays: 30 });
    await purgeUsage({ em: database.orm.em.fork(), now: new Date() });
    expect([await left(acme.name), await left(keeps.name)]).toEqual([1, 2]);
  });
});
