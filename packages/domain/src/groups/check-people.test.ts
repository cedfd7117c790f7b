import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { UsageLogEntry, User } from '@escale/schema/entities';
import { openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { createApplicationToken } from '../application-tokens/create-application-token.ts';
import type { Context } from '../context.ts';
import { authenticateBasic } from '../credentials/authenticate.ts';
import { createRobot } from '../robots/create-robot.ts';
import { contextFor } from '../testing/domain-test.ts';
import { issuer, MemoryDirectory, newPerson, signInPerson } from '../testing/memory-directory.ts';
import { checkPeople } from './check-people.ts';
import type { DirectoryPerson } from './directory.ts';
import { followGroups } from './follow-groups.ts';

let database: TestDatabase;
let directory: MemoryDirectory;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
});
afterAll(() => database.close());
beforeEach(async () => {
  directory = new MemoryDirectory();
  await database.orm.em.fork().execute('delete from application_tokens');
});

const em = () => database.orm.em.fork();
const system = (): Context => contextFor(database.orm.em, { kind: 'system', name: 'jobs' });
const check = () => checkPeople(system(), { directory, issuer });
const userOf = ({ subject }: DirectoryPerson) => em().findOneOrFail(User, { issuer, subject });
const auth = () => ({ em: em(), vault: system().vault, now: new Date(), client: {} });

/** Somebody with an application token and no session. */
async function holder(name: string): Promise<{ who: DirectoryPerson; login: () => Promise<unknown> }> {
  const who = await newPerson(em(), name, []);
  const ctx = contextFor(database.orm.em, await userOf(who));
  const { plain } = await createApplicationToken(ctx, { title: 'laptop' });
  return { who, login: () => authenticateBasic(auth(), '$app', plain) };
}

describe('the directory is asked about people who have tokens and no session', () => {
  test.each(['disabled', 'absent'] as const)('one who is %s is suspended until the next sign-in', async (state) => {
    const { who, login } = await holder('gone');
    const other = await holder('stays');
    directory.states.set(who.subject, state);
    expect(await check()).toEqual({ suspended: 1, failures: [] });
    await expect(login()).rejects.toThrow(`no longer lets ${who.username} sign in`);
    await expect(other.login()).resolves.toMatchObject({ name: other.who.username });
    const entries = await em().find(UsageLogEntry, { namespace: who.username, kind: 'user.suspended' });
    expect(entries).toHaveLength(1);
    directory.states.clear();
    expect(await check()).toEqual({ suspended: 0, failures: [] });
    await expect(login()).rejects.toThrow('no longer lets');
    await signInPerson(em(), who, []);
    await expect(login()).resolves.toMatchObject({ name: who.username });
  });

  test('the regular look at groups does it', async () => {
    const { who, login } = await holder('followed');
    directory.states.set(who.subject, 'disabled');
    const found = await followGroups(system(), { directory, issuer, adminGroup: '/escale-admins' });
    expect(found).toMatchObject({ suspended: 1 });
    await expect(login()).rejects.toThrow('no longer lets');
  });

  test('robots go on', async () => {
    const { who } = await holder('owner');
    const ctx = contextFor(database.orm.em, await userOf(who));
    const { robot, plain } = await createRobot(ctx, { namespace: who.username, name: 'ci' });
    directory.states.set(who.subject, 'disabled');
    expect(await check()).toMatchObject({ suspended: 1 });
    await expect(authenticateBasic(auth(), robot.login, plain)).resolves.toMatchObject({ name: robot.login });
  });

  test('a directory that does not answer, or that knows nobody, suspends nobody', async () => {
    const holders = [await holder('one'), await holder('two'), await holder('three')];
    directory.failing = () => true;
    expect(await check()).toEqual({ suspended: 0, failures: ['Keycloak answers 503'] });
    directory.failing = undefined;
    for (const { who } of holders) directory.states.set(who.subject, 'absent');
    expect(await check()).toEqual({ suspended: 0, failures: [expect.stringContaining('ESCALE_OIDC_SYNC_URL')] });
    for (const { login } of holders) await expect(login()).resolves.toBeDefined();
  });
});
