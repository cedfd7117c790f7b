import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { Organization, Team, UsageLogEntry, type User } from '@escale/schema/entities';
import { buildUser, openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { allowGroups } from '../administration/allow-groups.ts';
import type { Context } from '../context.ts';
import { syncTeam } from '../teams/sync-team.ts';
import { contextFor } from '../testing/domain-test.ts';
import { issuer, MemoryDirectory } from '../testing/memory-directory.ts';
import { teamScene } from '../testing/team-scene.ts';
import { allowsGroup } from './allowed-groups.ts';
import { followGroups } from './follow-groups.ts';

const adminGroup = '/escale-admins';
const group = '/platform/dev';

let database: TestDatabase;
let acme: Organization;
let owner: User;
let administrator: User;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  administrator = await buildUser(database.orm.em.fork(), { isAdministrator: true });
});
afterAll(() => database.close());

const scene = teamScene(() => database);
const { by, at, membersOf, person, signIn } = scene;
const bind = (who: User, to: string) => syncTeam(by(who), { ...at(), group: to }, { adminGroup });
const allow = (...patterns: string[]) => allowGroups(by(administrator), { organization: acme.name, patterns });
const system = (): Context => contextFor(database.orm.em, { kind: 'system', name: 'jobs' });

beforeEach(async () => {
  ({ owner, acme } = await scene.begin());
  await database.orm.em.fork().nativeUpdate(Team, { organization: { $ne: acme.id } }, { syncedGroup: null });
});

test.each<[string[], string, boolean]>([
  [[], group, false],
  [['/platform/dev'], group, true],
  [['/platform/dev'], '/platform/dev/sub', false],
  [['/platform/dev'], '/platform/developers', false],
  [['/platform/*'], group, true],
  [['/platform/*'], '/platform', false],
  [['/platform/*'], '/platforms/dev', false],
  [['/a', '/platform/*'], '/platform/dev/sub', true],
  [['/platform/*'], '/PLATFORM/dev', false],
])('%j allows %s: %s', (patterns, asked, expected) => {
  expect(allowsGroup(patterns, asked)).toBe(expected);
});

describe('an admin of an organization', () => {
  test.each([adminGroup, group, '/acme/dev', 'dev'])('binds no team to %s by default', async (asked) => {
    await expect(bind(owner, asked)).rejects.toMatchObject({
      code: 'DENIED',
      message: expect.stringContaining('an administrator of this registry must allow it first') as string,
    });
  });

  test('binds to what an administrator of the registry has allowed, and to nothing else', async () => {
    await allow('/platform/*');
    expect((await bind(owner, group)).syncedGroup).toBe(group);
    await expect(bind(owner, '/security/dev')).rejects.toMatchObject({ code: 'DENIED' });
    await expect(bind(owner, '/platform/../escale-admins')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('never binds to the administrators’ group, whatever a pattern allows', async () => {
    await allow('/*');
    for (const same of [adminGroup, `${adminGroup}/`, `/${adminGroup}`, adminGroup.toUpperCase()])
      await expect(bind(owner, same)).rejects.toMatchObject({ code: 'DENIED' });
    expect((await bind(owner, group)).syncedGroup).toBe(group);
  });

  test('does not decide what is allowed', async () => {
    const input = { organization: acme.name, patterns: ['/*'] };
    await expect(allowGroups(by(owner), input)).rejects.toMatchObject({ code: 'DENIED' });
  });
});

test('an administrator of the registry binds to any group, which allows it and says so in the usage log', async () => {
  await bind(administrator, group);
  const em = database.orm.em.fork();
  expect((await em.findOneOrFail(Organization, { id: acme.id })).allowedGroups).toEqual([group]);
  const log = await em.find(UsageLogEntry, { namespace: acme.name, kind: 'organization.allowed_groups_changed' });
  expect(log.map(({ details }) => details)).toEqual([{ before: [], after: [group] }]);
});

test.each(['/platform/*', '*'])('no team follows %j, which is no group', async (name) => {
  await expect(bind(administrator, name)).rejects.toMatchObject({ code: 'INPUT_INVALID', field: 'group' });
});

test.each([['/a*b'], ['a\u0000'], ['x'.repeat(1025)]])('the pattern %j is refused', async (pattern) => {
  await expect(allow(pattern)).rejects.toMatchObject({ code: 'INPUT_INVALID', field: 'patterns' });
});

describe('a team whose group is not allowed any more', () => {
  const directory = new MemoryDirectory();
  const look = () => followGroups(system(), { directory, issuer, adminGroup });

  test('gets nobody new, at a sign-in or by the directory, and loses whoever leaves the group', async () => {
    await bind(administrator, group);
    const [stays, leaves] = [await person('stays', [group]), await person('leaves', [group])];
    await allow();
    const comes = await person('comes', [group]);
    directory.groups.set(group, new Set([stays.subject, comes.subject]));
    expect(await look()).toMatchObject({ changed: 1, failures: [] });
    expect(await membersOf()).toEqual([[stays.username, true]]);
    // Nobody is asked about again and again who cannot come.
    expect(await look()).toMatchObject({ changed: 0 });
    await signIn(stays, []);
    expect(await membersOf()).toEqual([]);
    expect(leaves.subject).not.toBe(comes.subject);
    await allow(group);
    expect(await look()).toMatchObject({ changed: 2 });
    expect(await membersOf()).toHaveLength(2);
  });
});

test('people who have never signed in here are not brought by a group', async () => {
  await bind(administrator, group);
  const stranger = await person('stranger');
  const directory = new MemoryDirectory();
  directory.groups.set(group, new Set([stranger.subject]));
  await followGroups(system(), { directory, issuer, adminGroup });
  expect(await membersOf()).toEqual([]);
  await signIn(stranger, [group]);
  expect(await membersOf()).toEqual([[stranger.username, true]]);
});
