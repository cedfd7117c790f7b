import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { TeamMembership, UsageLogEntry, type Organization, type User } from '@escale/schema/entities';
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
import { findAccessible } from '../access/find-accessible.ts';
import { addTeamMember, removeTeamMember } from '../teams/change-members.ts';
import { createTeam, deleteTeam, updateTeam } from '../teams/change-team.ts';
import { contextFor } from '../testing/domain-test.ts';
import { listCollaborators, listMembers } from './list-members.ts';
import { removeOrganizationMember } from './remove-member.ts';

let database: TestDatabase;
let acme: Organization;
let owner: User;
let second: User;
let dev: User;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
});
afterAll(() => database.close());
beforeEach(async () => {
  const em = database.orm.em.fork();
  [owner, second, dev] = [await buildUser(em), await buildUser(em), await buildUser(em)];
  acme = await buildOrganization(em, { owner });
});

const by = (user: User) => contextFor(database.orm.em, user);
const in_ = (team: string, member: string) => ({ organization: acme.name, team, member });
const admins = () =>
  database.orm.em.fork().count(TeamMembership, { team: { organization: acme.id, role: 'admin' }, user: { $ne: null } });

describe('one person who administers an organization always stays, whoever acts', () => {
  test.each([
    ['leaving the team', () => removeTeamMember(by(owner), in_('owners', owner.username))],
    [
      'leaving the organization',
      () => removeOrganizationMember(by(owner), { organization: acme.name, member: owner.username }),
    ],
    ['lowering the team', () => updateTeam(by(owner), { organization: acme.name, team: 'owners', role: 'creator' })],
    ['deleting the team', () => deleteTeam(by(owner), { organization: acme.name, team: 'owners' })],
  ])('%s', async (_, act) => {
    await expect(act()).rejects.toMatchObject({ code: 'LAST_ADMIN' });
    expect(await admins()).toBe(1);
  });

  test('by an administrator of the registry neither', async () => {
    const boss = await buildUser(database.orm.em.fork(), { isAdministrator: true });
    await expect(removeTeamMember(by(boss), in_('owners', owner.username))).rejects.toMatchObject({
      code: 'LAST_ADMIN',
    });
  });

  test('a robot, or somebody who is disabled, is no person who stays', async () => {
    const em = database.orm.em.fork();
    const robot = await buildRobot(em, { namespace: acme.namespace });
    await addTeamMember(by(owner), in_('owners', robot.login));
    await addTeamMember(by(owner), in_('owners', second.username));
    await em.execute('update users set disabled_at = now() where id = ?', [second.id]);
    await expect(removeTeamMember(by(owner), in_('owners', owner.username))).rejects.toMatchObject({
      code: 'LAST_ADMIN',
    });
  });

  test('two administrators who remove each other at the same moment leave one', async () => {
    for (let round = 0; round < 5; round += 1) {
      const em = database.orm.em.fork();
      const [one, other] = [await buildUser(em), await buildUser(em)];
      acme = await buildOrganization(em, { owner: one });
      await addTeamMember(by(one), in_('owners', other.username));
      const outcomes = await Promise.allSettled([
        removeTeamMember(by(one), in_('owners', other.username)),
        removeTeamMember(by(other), in_('owners', one.username)),
      ]);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      const refused = outcomes.find((outcome) => outcome.status === 'rejected');
      expect(['DENIED', 'LAST_ADMIN']).toContain((refused?.reason as { code: string }).code);
      expect(await admins()).toBe(1);
    }
  });

  test('both leaving at the same moment: one stays', async () => {
    await addTeamMember(by(owner), in_('owners', second.username));
    const leave = (user: User) =>
      removeOrganizationMember(by(user), { organization: acme.name, member: user.username });
    const outcomes = await Promise.allSettled([leave(owner), leave(second)]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await admins()).toBe(1);
  });
});

describe('members', () => {
  test('a team takes people and robots of its organization, each once, and robots of others never', async () => {
    const em = database.orm.em.fork();
    const robot = await buildRobot(em, { namespace: acme.namespace });
    const foreign = await buildRobot(em);
    await createTeam(by(owner), { organization: acme.name, name: 'developers' });
    await addTeamMember(by(owner), in_('developers', dev.username));
    await addTeamMember(by(owner), in_('developers', robot.login));
    await expect(addTeamMember(by(owner), in_('developers', dev.username))).rejects.toMatchObject({
      code: 'MEMBER_EXISTS',
    });
    for (const login of [foreign.login, `${acme.name}+missing`, 'nobody-at-all', `${robot.login}+x`]) {
      await expect(addTeamMember(by(owner), in_('developers', login))).rejects.toMatchObject({
        code: 'NOT_FOUND',
        field: 'member',
      });
    }
    await expect(createTeam(by(owner), { organization: acme.name, name: 'developers' })).rejects.toMatchObject({
      code: 'TEAM_EXISTS',
    });
  });

  test('who is removed from an organization loses every team and every permission there, and nothing elsewhere', async () => {
    const em = database.orm.em.fork();
    const repository = await buildRepository(em, { namespace: acme.namespace });
    const elsewhere = await buildRepository(em);
    await buildTeam(em, { organization: acme, name: 'first', members: [dev] });
    await buildTeam(em, { organization: acme, name: 'second', members: [dev] });
    await buildPermission(em, repository, dev, 'write');
    await buildPermission(em, elsewhere, dev, 'write');
    await removeOrganizationMember(by(owner), { organization: acme.name, member: dev.username });
    expect((await findAccessible(by(dev), repository.name))?.role).toBeUndefined();
    expect((await findAccessible(by(dev), elsewhere.name))?.role).toBe('write');
    expect(await database.orm.em.fork().count(TeamMembership, { user: dev.id })).toBe(0);
    const log = await database.orm.em
      .fork()
      .findOneOrFail(UsageLogEntry, { namespace: acme.name, kind: 'organization.member_removed' });
    expect(log).toMatchObject({ performer: owner.username, details: { user: dev.username, teams: 2, permissions: 1 } });
    const again = removeOrganizationMember(by(owner), { organization: acme.name, member: dev.username });
    await expect(again).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('anybody may leave, and takes nobody along', async () => {
    await buildTeam(database.orm.em.fork(), { organization: acme, name: 'developers', members: [dev, second] });
    const refused = removeOrganizationMember(by(dev), { organization: acme.name, member: second.username });
    await expect(refused).rejects.toMatchObject({ code: 'DENIED' });
    await removeOrganizationMember(by(dev), { organization: acme.name, member: dev.username });
    const { items } = await listMembers(by(owner), acme.name, {});
    expect(items.map(({ principal }) => principal.id).toSorted()).toEqual([owner.id, second.id].toSorted());
  });

  test('are listed once, with their teams; people with permissions alone are collaborators', async () => {
    const em = database.orm.em.fork();
    const robot = await buildRobot(em, { namespace: acme.namespace, name: 'ci' });
    await buildTeam(em, { organization: acme, name: 'bb', members: [dev, robot] });
    await buildTeam(em, { organization: acme, name: 'aa', members: [dev] });
    const repository = await buildRepository(em, { namespace: acme.namespace });
    for (const user of [dev, second]) await buildPermission(em, repository, user, 'read');
    const members = (await listMembers(by(owner), acme.name, {})).items;
    const told = members.map(({ principal, teams, directPermissions }) => [
      principal.id,
      teams.map(({ name }) => name),
      directPermissions,
    ]);
    expect(told).toHaveLength(3);
    expect(told).toContainEqual([dev.id, ['aa', 'bb'], 1]);
    expect(told).toContainEqual([robot.id, ['bb'], 0]);
    expect(told).toContainEqual([owner.id, ['owners'], 0]);
    const collaborators = (await listCollaborators(by(owner), acme.name, {})).items;
    expect(collaborators.map(({ user, directPermissions }) => [user.id, directPermissions])).toEqual([[second.id, 1]]);
    const paged = await listMembers(by(owner), acme.name, { first: 2 });
    const rest = await listMembers(by(owner), acme.name, { first: 2, after: paged.endCursor });
    expect([...paged.items, ...rest.items].map(({ principal }) => principal.id)).toEqual(
      members.map(({ principal }) => principal.id),
    );
  });
});
