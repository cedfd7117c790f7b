import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DefaultPermission, RobotToken, User } from '@escale/schema/entities';
import { createOrm, type Orm } from '@escale/schema/orm';
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
import { createToken } from '@escale/domain/credentials';
import { startTestApi, type Caller, type TestApi } from '../testing/test-api.ts';

/** What a page asks of the database does not depend on how much it shows: no statement for each node. */
let database: TestDatabase;
let orm: Orm;
let api: TestApi;
let alice: Caller;
const statements: string[] = [];

beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  orm = await createOrm({ databaseUrl: database.url, onStatement: (line) => statements.push(line) });
  api = await startTestApi({ orm });
  alice = await api.signIn({ name: 'alice' });
  await fill('small', 2);
  await fill('large', 25);
});
afterAll(async () => {
  await api.close();
  await orm.close(true);
  await database.close();
});

/** An organization with so many of everything. */
async function fill(name: string, count: number): Promise<void> {
  const em = database.orm.em.fork();
  const owner = await em.findOneOrFail(User, { namespace: { name: 'alice' } });
  const organization = await buildOrganization(em, { name, owner });
  const first = await buildRepository(em, { namespace: organization.namespace, path: 'app-0' });
  for (let index = 1; index <= count; index += 1) {
    const user = await buildUser(em, { name: `${name}-${String(index)}` });
    const robot = await buildRobot(em, { namespace: organization.namespace, name: `bot-${String(index)}` });
    const team = await buildTeam(em, { organization, name: `team-${String(index)}`, members: [user, robot] });
    const repository = await buildRepository(em, { namespace: organization.namespace, path: `app-${String(index)}` });
    await buildPermission(em, repository, team, 'write');
    for (const grantee of [team, robot, await buildUser(em)]) await buildPermission(em, first, grantee, 'read');
    em.create(RobotToken, { ...createToken(api.vault, 'rob', { revealable: true }).stored, robot });
    em.create(DefaultPermission, { organization, team, role: 'read', creatorUser: user });
    await em.flush();
  }
}

const grantee = '{ __typename ... on User { username } ... on Robot { login } ... on Team { name } }';
const repositoryFields = 'nodes { name starred viewerRole viewerCan(action: PUSH) storedBytes namespace { name } }';

test.each([
  [
    'repositories of an organization',
    (name: string) => `{ repositories(namespace: "${name}", first: 30) { ${repositoryFields} } }`,
  ],
  ['a search', (name: string) => `{ repositories(search: "${name}/", first: 30) { ${repositoryFields} } }`],
  [
    'a search everywhere',
    (name: string) =>
      `{ search(text: "${name}", first: 30) { __typename ... on Team { organization { name } } ... on Repository { viewerRole namespace { name } } } }`,
  ],
  ['the box of grantees', (name: string) => `{ grantees(organization: "${name}", text: "", first: 30) ${grantee} }`],
  [
    'teams',
    (name: string) =>
      `{ organization(name: "${name}") { teams(first: 30) { nodes { name organization { name viewerRole } } } } }`,
  ],
  [
    'members',
    (name: string) =>
      `{ organization(name: "${name}") { members(first: 100) { nodes { principal { __typename } teams { name } directPermissions } } } }`,
  ],
  [
    'collaborators',
    (name: string) =>
      `{ organization(name: "${name}") { collaborators(first: 30) { nodes { user { username } directPermissions } } } }`,
  ],
  [
    'robots',
    (name: string) =>
      `{ organization(name: "${name}") { robots(first: 30) { nodes { login lastUsedAt tokens { id } teams { name } } } } }`,
  ],
  [
    'default permissions',
    (name: string) =>
      `{ organization(name: "${name}") { defaultPermissions(first: 30) { nodes { role grantee ${grantee} createdBy ${grantee} } } } }`,
  ],
  [
    'a preview',
    (name: string) =>
      `{ organization(name: "${name}") { newRepositoryPermissions(createdBy: "alice") { role grantee ${grantee} } } }`,
  ],
  [
    'direct permissions',
    (name: string) =>
      `{ repository(name: "${name}/app-0") { permissions(first: 100) { nodes { role grantee ${grantee} repository { name } } } } }`,
  ],
  [
    'effective permissions',
    (name: string) =>
      `{ repository(name: "${name}/app-0") { effectivePermissions(first: 100) { nodes { role reasons { kind through } principal { __typename } } } } }`,
  ],
])('%s', async (_, question) => {
  const count = async (name: string): Promise<number> => {
    statements.length = 0;
    const answer = await alice.graphql(question(name));
    expect(answer.errors).toEqual([]);
    return statements.length;
  };
  // The first answer of its kind may read what is read once.
  await count('small');
  const small = await count('small');
  expect(await count('large')).toBe(small);
  expect(small).toBeLessThanOrEqual(20);
});

test('the page of an organization takes at most forty statements', async () => {
  statements.length = 0;
  const { errors } = await alice.graphql(
    `{ organization(name: "large") { name viewerRole contactEmail storedBytes teams { totalCount nodes { name } }
         members(first: 30) { nodes { principal { __typename } teams { name } } } robots { nodes { login lastUsedAt tokens { id } } }
         repositories(first: 30) { totalCount ${repositoryFields} } } }`,
  );
  expect(errors).toEqual([]);
  expect(statements.length).toBeGreaterThan(5);
  expect(statements.length).toBeLessThanOrEqual(40);
});
