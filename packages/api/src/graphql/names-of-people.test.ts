import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildOrganization, buildPermission, buildRepository, buildTeam } from '@escale/schema/testing';
import { User } from '@escale/schema/entities';
import { userPrincipal } from '@escale/domain/credentials';
import { pushTestImage } from '@escale/domain/testing';
import { startTestApi, type Caller, type TestApi } from '../testing/test-api.ts';

/** What a public repository tells of the people behind it, to callers who did not sign in and to those without a right. */
let api: TestApi;
const callers: Record<'anonymous' | 'outsider' | 'olga' | 'boss', Caller> = {} as never;
/** Everybody but the outsider: each is an admin of the public repository in another way. */
const people = ['olga', 'dora', 'tina', 'boss'] as const;
let digest: string;

beforeAll(async () => {
  api = await startTestApi();
  callers.anonymous = api.caller();
  callers.outsider = await api.signIn({ name: 'outsider' });
  for (const name of people) {
    const caller = await api.signIn({ name, ...(name === 'boss' && { groups: ['/escale-admins'] }) });
    if (name === 'olga' || name === 'boss') callers[name] = caller;
  }
  const em = api.database.orm.em.fork();
  const users = new Map((await em.find(User, {})).map((user) => [user.username, user]));
  const named = (name: string) => {
    const user = users.get(name);
    if (!user) throw new Error(`no ${name}`);
    return user;
  };
  const acme = await buildOrganization(em, { name: 'acme', owner: named('olga') });
  const open = await buildRepository(em, { namespace: acme.namespace, path: 'open', visibility: 'public' });
  await buildPermission(em, open, named('dora'), 'admin');
  await buildTeam(em, { organization: acme, name: 'deputies', role: 'admin', members: [named('tina')] });
  const principal = userPrincipal(named('olga'), { kind: 'session' });
  const asOlga = { em, principal, now: new Date(), vault: api.vault, client: {} };
  ({ digest } = await pushTestImage(asOlga, open, { tags: ['1'] }));
});
afterAll(() => api.close());

const questions: Record<string, () => string> = {
  'why one may not push': () =>
    '{ explainAccess(repository: "acme/open", action: PUSH) { allowed role missing grantableBy because { kind through } } }',
  'why one may not administer': () =>
    '{ explainAccess(repository: "acme/open", action: ADMINISTER) { missing grantableBy } }',
  'the tags and who pushed them': () =>
    '{ repository(name: "acme/open") { tags { nodes { name pushedBy } } tag(name: "1") { pushedBy } tagsByName(names: ["1"]) { pushedBy } } }',
  'the history': () => '{ repository(name: "acme/open") { tagHistory { nodes { tag kind by } } } }',
  'the tags of a manifest': () =>
    `{ repository(name: "acme/open") { manifest(digest: "${digest}") { tags { pushedBy } } } }`,
  'its permissions': () =>
    '{ repository(name: "acme/open") { permissions { totalCount nodes { role grantee { __typename } } } } }',
  'everybody with a right': () => '{ repository(name: "acme/open") { effectivePermissions { totalCount } } }',
  'its log': () => '{ repository(name: "acme/open") { usageLog { nodes { performer } } } }',
  'the teams': () => '{ organization(name: "acme") { teams { nodes { name } } } }',
  'the members': () => '{ organization(name: "acme") { members { nodes { teams { name } } } } }',
  'a search': () => '{ search(text: "o") { ... on User { username } ... on Team { name } ... on Robot { login } } }',
  'who may be granted something': () => '{ grantees(organization: "acme", text: "t") { ... on User { username } } }',
  everybody: () => '{ users { nodes { username } } }',
};

const namesIn = (text: string) => people.filter((name) => new RegExp(`\\b${name}\\b`).test(text));

test.each(Object.keys(questions))('an anonymous caller who asks for %s reads no name', async (what) => {
  const { text, errors } = await callers.anonymous.graphql(questions[what]?.() ?? '');
  expect(errors.map(({ extensions }) => extensions.code)).not.toContain('GRAPHQL_VALIDATION_FAILED');
  expect(namesIn(text)).toEqual([]);
});

test('somebody who is signed in reads who can grant a right, and who pushed', async () => {
  const ask = async (what: string) => namesIn((await callers.outsider.graphql(questions[what]?.() ?? '')).text);
  expect(await ask('why one may not push')).toEqual(['olga', 'dora', 'tina']);
  expect(await ask('the tags and who pushed them')).toEqual(['olga']);
  expect(await ask('the history')).toEqual(['olga']);
});

test('a refused anonymous caller is told to sign in, by name of nobody', async () => {
  const answer = await callers.anonymous.graphql(
    'mutation { setTag(input: { repository: "acme/open", tag: "2", digest: "sha256:0" }) { tag { name } } }',
  );
  expect(answer.errors[0]?.extensions.code).toBe('UNAUTHORIZED');
  expect(namesIn(answer.text)).toEqual([]);
});

test('who administers the registry, and whose name is confirmed, is known to that person and to administrators', async () => {
  const ask = async (caller: Caller, username: string) =>
    (await caller.graphql(`{ user(username: "${username}") { isAdministrator usernameConfirmed email } }`)).data[
      'user'
    ];
  const hidden = { isAdministrator: null, usernameConfirmed: null, email: null };
  for (const username of ['boss', 'olga']) {
    expect(await ask(callers.anonymous, username)).toEqual(hidden);
    expect(await ask(callers.outsider, username)).toEqual(hidden);
  }
  expect(await ask(callers.olga, 'olga')).toMatchObject({ isAdministrator: false, usernameConfirmed: true });
  expect(await ask(callers.boss, 'boss')).toMatchObject({ isAdministrator: true });
  expect(await ask(callers.boss, 'olga')).toMatchObject({ isAdministrator: false, usernameConfirmed: true });
});
