import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApi, type Answer, type Caller, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let alice: Caller;
let bob: Caller;
beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice' });
  bob = await api.signIn({ name: 'bob' });
});
afterAll(() => api.close());

const faults = ({ errors }: Answer) => errors.map(({ extensions: { code, field } }) => [code, field]);
const confirm = (caller: Caller, username: string) =>
  caller.graphql('mutation($u: String!) { confirmUsername(input: { username: $u }) { viewer { username } } }', {
    u: username,
  });

test('the viewer sees the own mail address, and others do not', async () => {
  const query = '{ user(username: "alice") { username name email usernameConfirmed } }';
  expect((await alice.graphql(query)).data).toEqual({
    user: { username: 'alice', name: 'alice', email: 'alice@example.org', usernameConfirmed: true },
  });
  for (const other of [bob, api.caller()]) {
    expect((await other.graphql(query)).data).toMatchObject({ user: { email: null } });
  }
});

test('a user that does not exist is null, and so is an organization asked for as a user', async () => {
  await alice.graphql('mutation { createOrganization(input: { name: "acme" }) { organization { id } } }');
  expect((await bob.graphql('{ a: user(username: "nobody") { id } b: user(username: "acme") { id } }')).data).toEqual({
    a: null,
    b: null,
  });
});

test.each([
  ['Upper', 'NAME_INVALID'],
  ['a', 'NAME_INVALID'],
  ['-x', 'NAME_INVALID'],
  ['a'.repeat(256), 'NAME_INVALID'],
  ['graphql', 'NAME_RESERVED'],
  ['v2', 'NAME_RESERVED'],
  ['alice', 'NAMESPACE_TAKEN'],
])('confirming the name %s is refused with its field', async (name, code) => {
  const newcomer = await api.signIn({ name: 'newcomer' }, { confirm: false });
  expect(faults(await confirm(newcomer, name))).toEqual([[code, 'username']]);
});

test('a confirmed name does not change any more, and confirming it again changes nothing', async () => {
  expect(faults(await confirm(bob, 'robert'))).toEqual([['DENIED', undefined]]);
  expect((await confirm(bob, 'bob')).data).toEqual({ confirmUsername: { viewer: { username: 'bob' } } });
});

test('nobody confirms a name without signing in', async () => {
  expect(faults(await confirm(api.caller(), 'somebody'))).toEqual([['UNAUTHORIZED', undefined]]);
});

test.each([
  ['free', 'VALID'],
  ['bob', 'TAKEN'],
  ['Bob', 'INVALID'],
  ['realms', 'RESERVED'],
  ['_x', 'INVALID'],
])('while one types, %s is %s', async (name, availability) => {
  const { data } = await alice.graphql('query($name: String!) { namespaceName(name: $name) }', { name });
  expect(data).toEqual({ namespaceName: availability });
});

test('tokens, robots and organizations of another person are not shown', async () => {
  const tokens = await bob.graphql('{ user(username: "alice") { applicationTokens { totalCount } } }');
  expect(faults(tokens)).toEqual([['NOT_FOUND', undefined]]);
  const robots = await bob.graphql('{ user(username: "alice") { robots { totalCount } } }');
  expect(faults(robots)).toEqual([['DENIED', undefined]]);
  const organizations = await bob.graphql('{ user(username: "alice") { organizations { name } } }');
  expect(organizations.data).toEqual({ user: { organizations: [] } });
});
