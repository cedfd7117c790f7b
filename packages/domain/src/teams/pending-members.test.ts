import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { Team, type Organization, type User } from '@escale/schema/entities';
import { buildUser, openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import type { Directory, DirectoryPerson } from '../groups/directory.ts';
import { searchDirectory } from '../grantees/search-directory.ts';
import { signInUser } from '../users/sign-in-user.ts';
import { addTeamMember } from './change-members.ts';
import { addPendingTeamMember, listPendingMembers, removePendingTeamMember } from './pending-members.ts';
import { teamScene } from '../testing/team-scene.ts';
import { issuer, MemoryDirectory } from '../testing/memory-directory.ts';

let database: TestDatabase;
let acme: Organization;
let owner: User;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
});
afterAll(() => database.close());

const scene = teamScene(() => database);
const { by, at, with_, membersOf, person, signIn } = scene;

beforeEach(async () => {
  ({ owner, acme } = await scene.begin());
});

const wait = (login: string, directory?: Directory) => addPendingTeamMember(by(owner), { ...at(), login }, directory);
const waiting = async (user = owner) => {
  const ctx = by(user);
  const team = await ctx.em.findOneOrFail(Team, { organization: acme.id, name: 'platform' });
  return (await listPendingMembers(ctx, team, {})).items.map(({ login }) => login);
};

test.each(['username', 'email'] as const)(
  'somebody who never signed in is in the team from the first sign-in on, waited for by %s',
  async (by_) => {
    const dora = await person('dora');
    await wait(` ${(dora[by_] ?? '').toUpperCase()} `);
    expect(await waiting()).toEqual([dora[by_]]);
    await signIn(dora, []);
    expect(await membersOf()).toEqual([[dora.username, false]]);
    expect(await waiting()).toEqual([]);
  },
);

test('a user name is never taken from the provider’s id, or from the name of a program', async () => {
  await wait('ulla');
  const unnamed = { issuer, isAdministrator: false, groups: [] };
  const ctx = () => by(owner);
  await signInUser(ctx(), { ...unnamed, subject: 'ulla', preferredName: 'ulla' });
  await signInUser(ctx(), { ...unnamed, subject: '7', preferredName: 'ulla', username: 'service-account-ulla' });
  expect(await membersOf()).toEqual([]);
});

test('an address that is not verified is nobody’s', async () => {
  const dora = await person('dora');
  await wait(dora.email ?? '');
  await signIn(dora, [], false);
  expect(await membersOf()).toEqual([]);
});

test('an address of somebody who is here is answered like any other: nobody learns whose it is', async () => {
  const known = await person('known', []);
  await wait(known.email ?? '');
  expect(await membersOf()).toEqual([]);
  await signIn(known, []);
  expect(await membersOf()).toEqual([[known.username, false]]);
});

test('whom the provider knows is waited for by the provider’s id, and a namesake is not meant', async () => {
  const provider = new MemoryDirectory();
  const dora = await person('dora');
  provider.people = [dora];
  await wait(dora.username, provider);
  await signIn({ ...dora, subject: 'another' }, []);
  expect(await membersOf()).toEqual([]);
  const user = await signIn(dora, []);
  expect(await membersOf()).toEqual([[user.username, false]]);
});

test('somebody is waited for by name when the provider does not answer', async () => {
  const provider = new MemoryDirectory();
  provider.failing = () => true;
  const dora = await person('dora');
  await wait(dora.username, provider);
  await signIn(dora, []);
  expect(await membersOf()).toEqual([[dora.username, false]]);
});

test('a user who is here is added, not waited for; nonsense and a second time are refused', async () => {
  const known = await person('known', []);
  await expect(wait(known.username)).rejects.toMatchObject({ code: 'INPUT_INVALID', field: 'login' });
  for (const nonsense of ['', 'a b', 'a@b@c', '@x', `a\0`, 'x'.repeat(255)])
    await expect(wait(nonsense)).rejects.toMatchObject({ code: 'INPUT_INVALID', field: 'login' });
  await wait('dora');
  await expect(wait('Dora')).rejects.toMatchObject({ code: 'MEMBER_EXISTS' });
  await removePendingTeamMember(by(owner), { ...at(), login: 'DORA' });
  expect(await waiting()).toEqual([]);
  await expect(removePendingTeamMember(by(owner), { ...at(), login: 'dora' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

test('only admins of the organization wait, see who is waited for, and search', async () => {
  const member = await buildUser(database.orm.em.fork());
  await addTeamMember(by(owner), with_(member.username));
  await wait('dora');
  const provider = new MemoryDirectory();
  provider.people = [await person('eve')];
  const search = (user: User, text: string) =>
    searchDirectory(by(user), { organization: acme.name, text }, { directory: provider, issuer });
  const denied = { code: 'DENIED' };
  await expect(waiting(member)).rejects.toMatchObject(denied);
  await expect(search(member, 'eve')).rejects.toMatchObject(denied);
  await expect(addPendingTeamMember(by(member), { ...at(), login: 'x1' }, provider)).rejects.toMatchObject(denied);
  expect(await search(owner, 'eve')).toEqual(provider.people);
});

test('somebody is found by the beginning of a name or the whole address, not by part of it, and not once they are here', async () => {
  const provider = new MemoryDirectory();
  const [eve, known] = [await person('eve'), await person('evan', [])];
  provider.people = [eve, known];
  const found = async (text: string) =>
    (await searchDirectory(by(owner), { organization: acme.name, text }, { directory: provider, issuer })).map(
      ({ username }) => username,
    );
  expect(await found('ev')).toEqual([eve.username]);
  expect(await found('MART')).toEqual([eve.username]);
  expect(await found(eve.email ?? '')).toEqual([eve.username]);
  expect(await found(`${eve.username}@ex`)).toEqual([]);
  expect(await found('e')).toEqual([]);
  const nowhere = { directory: undefined, issuer };
  expect(await searchDirectory(by(owner), { organization: acme.name, text: 'eve' }, nowhere)).toEqual([]);
  provider.failing = () => true;
  await expect(found('ev')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

describe('a user name and an address are two things', () => {
  const victim = 'victim@example.org';
  const provider = new MemoryDirectory();

  test.each<[string, Partial<DirectoryPerson>, boolean]>([
    ['has the address as a user name and no verified address', { username: victim }, false],
    ['has the address as a user name and another verified one', { username: victim }, true],
    ['has the address as a user name in other letters', { username: 'VICTIM@example.org' }, false],
    [
      'has an address that only Unicode takes for the same',
      { email: 'victim@example.org'.replace('o', 'O').replace('i', 'İ') },
      true,
    ],
  ])('an address that is waited for is not of one who %s', async (_what, given, verified) => {
    const mallory = await person('mallory');
    await wait(victim);
    await signIn({ ...mallory, ...given }, [], verified);
    expect(await membersOf()).toEqual([]);
    expect(await waiting()).toEqual([victim]);
    await signIn({ ...(await person('owner')), email: victim }, []);
    expect(await membersOf()).toHaveLength(1);
  });

  test('a user name that is waited for is not of one who has it as an address', async () => {
    const mallory = await person('mallory');
    await wait('dora.kelvin');
    await signIn({ ...mallory, email: 'dora.kelvin' }, []);
    await signIn({ ...mallory, username: 'dora.\u212Aelvin' }, []);
    expect(await membersOf()).toEqual([]);
  });

  test.each<[string, Partial<DirectoryPerson>[]]>([
    ['it is not verified', [{ email: victim, emailVerified: false }]],
    ['the directory does not say that it is verified', [{ email: victim }]],
    ['it is a user name', [{ username: victim, email: 'other@example.org', emailVerified: true }]],
    ['several people have it', [1, 2].map(() => ({ email: victim, emailVerified: true }))],
  ])('the directory does not tell whose an address is when %s', async (_what, people) => {
    provider.people = people.map((given, index) => ({
      subject: `subject-of-mallory${String(index)}`,
      username: `mallory${String(index)}`,
      ...given,
    }));
    await wait(victim, provider);
    await signIn({ subject: 'subject-of-mallory0', username: 'mallory0', email: 'other@example.org' }, []);
    expect(await membersOf()).toEqual([]);
  });

  test('one who has it verified is meant, also when it is not verified any more at the sign-in', async () => {
    const dora = { ...(await person('dora')), email: victim, emailVerified: true };
    provider.people = [{ subject: 'other', username: victim }, dora];
    await wait(victim, provider);
    await signIn(dora, [], false);
    expect(await membersOf()).toHaveLength(1);
  });

  test('the search finds nobody by an address that is not verified', async () => {
    provider.people = [{ subject: 'one', username: 'one', email: victim, emailVerified: false }];
    const input = { organization: acme.name, text: victim };
    expect(await searchDirectory(by(owner), input, { directory: provider, issuer })).toEqual([]);
  });
});
