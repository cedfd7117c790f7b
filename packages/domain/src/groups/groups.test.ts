import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { PendingMembership, Team, UsageLogEntry, User, type Organization } from '@escale/schema/entities';
import { buildRobot, buildUser, openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { allowGroups } from '../administration/allow-groups.ts';
import type { Context } from '../context.ts';
import { removeOrganizationMember } from '../namespaces/remove-member.ts';
import { addTeamMember, removeTeamMember } from '../teams/change-members.ts';
import { addPendingTeamMember } from '../teams/pending-members.ts';
import { syncTeam } from '../teams/sync-team.ts';
import { contextFor } from '../testing/domain-test.ts';
import { issuer, MemoryDirectory } from '../testing/memory-directory.ts';
import { teamScene } from '../testing/team-scene.ts';
import { followGroups } from './follow-groups.ts';

const group = '/platform/dev';

let database: TestDatabase;
let acme: Organization;
let owner: User;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
});
afterAll(() => database.close());

const scene = teamScene(() => database);
const { by, at, with_, membersOf, person, signIn } = scene;
const system = (): Context => contextFor(database.orm.em, { kind: 'system', name: 'jobs' });
const bind = (to: string | null) => syncTeam(by(owner), { ...at(), group: to });

beforeEach(async () => {
  ({ owner, acme } = await scene.begin());
  await allowGroups(system(), { organization: acme.name, patterns: ['/platform/*'] });
  // Teams of other tests must not be looked at.
  await database.orm.em.fork().nativeUpdate(Team, { organization: { $ne: acme.id } }, { syncedGroup: null });
});

describe('a team that follows a group of the identity provider (T11)', () => {
  test('has its people from sign-in to sign-in, and nobody else', async () => {
    await bind(group);
    const dev = await person('dev', [group, '/other']);
    expect(await membersOf()).toEqual([[dev.username, true]]);
    await signIn(dev, ['/platform']);
    expect(await membersOf()).toEqual([]);
  });

  test('the same groups again change nothing and write no log', async () => {
    await bind(group);
    const dev = await person('dev', [group]);
    await signIn(dev, [group]);
    const log = await database.orm.em.fork().count(UsageLogEntry, { namespace: acme.name, kind: 'team.synced' });
    expect(log).toBe(1);
  });

  test('refuses people who are added or removed by hand, and takes robots', async () => {
    await bind(group);
    const dev = await person('dev', [group]);
    const other = await person('other', []);
    const robot = await buildRobot(database.orm.em.fork(), { namespace: acme.namespace, name: 'ci' });
    const refusal = { code: 'DENIED', message: expect.stringContaining(group) as string };
    await expect(addTeamMember(by(owner), with_(other.username))).rejects.toMatchObject(refusal);
    await expect(addPendingTeamMember(by(owner), { ...at(), login: 'new' })).rejects.toMatchObject(refusal);
    await expect(removeTeamMember(by(owner), with_(dev.username))).rejects.toMatchObject(refusal);
    const member = { organization: acme.name, member: dev.username };
    await expect(removeOrganizationMember(by(owner), member)).rejects.toMatchObject(refusal);
    await addTeamMember(by(owner), with_(robot.login));
    expect(await membersOf()).toEqual([
      ['ci', false],
      [dev.username, true],
    ]);
    await removeTeamMember(by(owner), with_(robot.login));
    expect(await membersOf()).toEqual([[dev.username, true]]);
  });

  test('whom people had added stays until the provider has spoken; whom it waited for does not come any more', async () => {
    const [inside, outside] = [await person('inside', []), await person('outside', [])];
    await addTeamMember(by(owner), with_(inside.username));
    await addTeamMember(by(owner), with_(outside.username));
    await addPendingTeamMember(by(owner), { ...at(), login: 'somebody@example.org' });
    await bind(group);
    expect(await membersOf()).toHaveLength(2);
    await signIn(inside, [group]);
    await signIn(outside, ['/other']);
    expect(await membersOf()).toEqual([[inside.username, true]]);
    expect(await database.orm.em.fork().count(PendingMembership, { team: { organization: acme.id } })).toBe(0);
  });

  test('another group ends what the first one brought; no group keeps it', async () => {
    await bind(group);
    const dev = await person('dev', [group]);
    await bind('/platform/ops');
    expect(await membersOf()).toEqual([]);
    await signIn(dev, ['/platform/ops']);
    await bind(null);
    await signIn(dev, []);
    expect(await membersOf()).toEqual([[dev.username, false]]);
  });
});

describe('looking at the groups without a sign-in', () => {
  let provider: MemoryDirectory;
  beforeEach(() => {
    provider = new MemoryDirectory();
  });
  const look = () => followGroups(system(), { directory: provider, issuer, adminGroup: '/escale-admins' });

  test('brings and takes people, robots stay, and who has never been here is nobody', async () => {
    await bind(group);
    const [leaving, coming] = [await person('leaving', [group]), await person('coming', [])];
    const robot = await buildRobot(database.orm.em.fork(), { namespace: acme.namespace, name: 'ci' });
    await addTeamMember(by(owner), with_(robot.login));
    provider.groups.set(group, new Set([coming.subject, 'subject-of-nobody']));
    expect(await look()).toEqual({ groups: 2, changed: 2, suspended: 0, failures: [] });
    expect(await membersOf()).toEqual([
      ['ci', false],
      [coming.username, true],
    ]);
    expect(await look()).toEqual({ groups: 2, changed: 0, suspended: 0, failures: [] });
    expect(leaving.subject).not.toBe(coming.subject);
  });

  test('a list that leaves somebody out takes nothing away', async () => {
    await bind(group);
    const dev = await person('dev', [group]);
    provider.groups.set(group, new Set([dev.subject]));
    provider.unlisted.add(dev.subject);
    expect(await look()).toMatchObject({ changed: 0 });
    expect(await membersOf()).toEqual([[dev.username, true]]);
  });

  test.each([
    ['the group cannot be read', (asked: string) => asked === group],
    ['the person cannot be read', (asked: string) => asked.startsWith('subject-')],
  ])('when %s, everybody stays, it is said, and the next look does what is due', async (_, failing) => {
    await bind(group);
    const dev = await person('dev', [group]);
    provider.failing = failing;
    expect((await look())?.failures).toEqual([expect.stringContaining('503')]);
    expect(await membersOf()).toEqual([[dev.username, true]]);
    provider.failing = undefined;
    expect(await look()).toMatchObject({ changed: 1, failures: [] });
    expect(await membersOf()).toEqual([]);
  });

  test('makes and unmakes administrators, and says so in the usage log', async () => {
    const [old, fresh] = [await person('old', ['/escale-admins']), await person('fresh', [])];
    provider.groups.set('/escale-admins', new Set([fresh.subject]));
    await look();
    const em = database.orm.em.fork();
    const stored = await em.find(User, { subject: { $in: [old.subject, fresh.subject] } });
    expect(new Map(stored.map((user) => [user.subject, user.isAdministrator]))).toEqual(
      new Map([
        [old.subject, false],
        [fresh.subject, true],
      ]),
    );
    const entries = await em.find(UsageLogEntry, { kind: 'user.administrator_changed', namespace: old.username });
    expect(entries.map(({ details }) => details?.['administrator'])).toEqual([true, false]);
  });

  test('people of another issuer are not this provider’s to take away', async () => {
    const boss = await buildUser(database.orm.em.fork(), { isAdministrator: true });
    await look();
    expect((await database.orm.em.fork().findOneOrFail(User, { id: boss.id })).isAdministrator).toBe(true);
  });

  test('one process looks at a time', async () => {
    const [begun, held] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    provider.onAsked = () => {
      begun.resolve(undefined);
      return held.promise;
    };
    const first = look();
    await begun.promise;
    expect(await look()).toBeUndefined();
    held.resolve(undefined);
    expect(await first).toMatchObject({ failures: [] });
    expect(await look()).toBeDefined();
  });
});
