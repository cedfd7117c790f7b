import { afterAll, beforeAll, expect, test } from 'vitest';
import { UsageLogEntry } from '@escale/schema/entities';
import { startTestApi, type Answer, type Caller, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let alice: Caller;
let bob: Caller;
beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice' });
  bob = await api.signIn({ name: 'bob' });
  for (const name of ['acme', 'other'])
    await alice.graphql(`mutation { createOrganization(input: { name: "${name}" }) { organization { id } } }`);
});
afterAll(() => api.close());

const faults = ({ errors }: Answer) => errors.map(({ extensions: { code, field } }) => [code, field]);

interface Shown {
  robot: { login: string; tokens: { id: string; revealable: boolean }[] };
  credentials: { username: string; password: string; artifacts: { kind: string; content: string; filename: string }[] };
}

const fields = `robot { login tokens { id revealable } }
  credentials { username password artifacts { kind content filename } }`;

async function create(caller: Caller, input: Record<string, unknown>): Promise<{ answer: Answer; shown: Shown }> {
  const answer = await caller.graphql(
    `mutation($input: CreateRobotInput!) { createRobot(input: $input) { ${fields} } }`,
    { input },
  );
  return { answer, shown: answer.data['createRobot'] as Shown };
}

const reveal = (caller: Caller, input: Record<string, unknown>) =>
  caller.graphql(`mutation($input: RevealRobotTokenInput!) { revealRobotToken(input: $input) { ${fields} } }`, {
    input,
  });

test('a new robot comes with its login and a first token, for a namespace of either kind', async () => {
  for (const namespace of ['acme', 'alice']) {
    const { answer, shown } = await create(alice, { namespace, name: 'ci', description: 'pipeline' });
    expect(shown.robot.login).toBe(`${namespace}+ci`);
    expect(shown.credentials.username).toBe(`${namespace}+ci`);
    expect(shown.credentials.password).toMatch(/^esc_rob_/);
    const secret = shown.credentials.artifacts.find(({ kind }) => kind === 'KUBERNETES_SECRET');
    expect(secret?.filename).toBe(`${namespace}-ci-secret.yml`);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  }
});

test('its token is a bearer of this API, acts as the robot alone, and its use is noted', async () => {
  const { shown } = await create(alice, { namespace: 'acme', name: 'worker' });
  const robot = api.caller({ authorization: `Bearer ${shown.credentials.password}` });
  const answer = await robot.graphql('{ viewer { id } organization(name: "acme") { viewerRole } }');
  expect(answer.data).toEqual({ viewer: null, organization: { viewerRole: null } });
  expect(faults((await create(robot, { namespace: 'acme', name: 'worker2' })).answer)).toEqual([['DENIED', undefined]]);
  const { data } = await alice.graphql('{ organization(name: "acme") { robot(name: "worker") { lastUsedAt } } }');
  expect((data['organization'] as { robot: { lastUsedAt: string } }).robot.lastUsedAt).toMatch(/Z$/);
});

test.each([
  [(token: string) => token.slice(0, -1), 'cut'],
  [(token: string) => token.replace('esc_rob_', 'esc_app_'), 'of another type'],
  [(token: string) => `${token.slice(0, 40)}${token[40] === 'A' ? 'B' : 'A'}${token.slice(41)}`, 'mistyped'],
])('a token %#, %s, answers 401', async (change) => {
  const { shown } = await create(alice, { namespace: 'alice', name: `forged-${Math.random().toString(36).slice(2)}` });
  const robot = api.caller({ authorization: `Bearer ${change(shown.credentials.password)}` });
  expect((await robot.graphql('{ viewer { id } }')).status).toBe(401);
});

test('its token is shown again to admins of its namespace, and the usage log says so', async () => {
  const { shown } = await create(alice, { namespace: 'acme', name: 'shown' });
  expect((await reveal(alice, { robot: 'acme+shown' })).data['revealRobotToken']).toEqual(shown);
  const [token] = shown.robot.tokens;
  const named = await reveal(alice, { robot: 'acme+shown', token: token?.id });
  expect(named.data['revealRobotToken']).toEqual(shown);
  const log = await api.database.orm.em.fork().find(UsageLogEntry, { kind: 'robot.token_revealed' });
  expect(log).toHaveLength(2);
  expect(log[0]).toMatchObject({ namespace: 'acme', performer: 'alice', details: { robot: 'acme+shown' } });
  expect(JSON.stringify(log)).not.toContain(shown.credentials.password);
});

test('not to others, and not through another robot (G11)', async () => {
  const { shown } = await create(alice, { namespace: 'acme', name: 'mine' });
  await create(alice, { namespace: 'other', name: 'yours' });
  expect(faults(await reveal(bob, { robot: 'acme+mine' }))).toEqual([['DENIED', undefined]]);
  expect(faults(await reveal(api.caller(), { robot: 'acme+mine' }))).toEqual([['UNAUTHORIZED', undefined]]);
  const token = shown.robot.tokens[0]?.id;
  expect(faults(await reveal(alice, { robot: 'other+yours', token }))).toEqual([['NOT_FOUND', 'token']]);
  expect(faults(await reveal(alice, { robot: 'other+yours', token: 'x' }))).toEqual([['NOT_FOUND', 'token']]);
});

test.each([
  [{ namespace: 'acme', name: 'Upper' }, 'NAME_INVALID', 'name'],
  [{ namespace: 'acme', name: 'a+b' }, 'NAME_INVALID', 'name'],
  [{ namespace: 'acme', name: 'late', expiresAt: '2020-01-01T00:00:00Z' }, 'INPUT_INVALID', 'expiresAt'],
  [{ namespace: 'acme', name: 'wordy', description: 'x'.repeat(256) }, 'INPUT_INVALID', 'description'],
  [{ namespace: 'missing', name: 'ci' }, 'NOT_FOUND', 'namespace'],
  [{ namespace: 'bob', name: 'ci' }, 'DENIED', undefined],
])('%j is refused', async (input, code, field) => {
  expect(faults((await create(alice, input)).answer)).toEqual([[code, field]]);
});

test('a second robot of the same name is refused at the field', async () => {
  await create(alice, { namespace: 'acme', name: 'twin' });
  expect(faults((await create(alice, { namespace: 'acme', name: 'twin' })).answer)).toEqual([['ROBOT_EXISTS', 'name']]);
});

test('robots are listed by name, without secrets', async () => {
  await alice.graphql('mutation { createOrganization(input: { name: "listed" }) { organization { id } } }');
  for (const name of ['b2', 'a1', 'c3']) await create(alice, { namespace: 'listed', name });
  const { data, text } = await alice.graphql(
    '{ organization(name: "listed") { robots { totalCount nodes { name login description tokens { revealable } } } } }',
  );
  expect(data).toMatchObject({
    organization: {
      robots: {
        totalCount: 3,
        nodes: [{ name: 'a1', login: 'listed+a1', tokens: [{ revealable: true }] }, { name: 'b2' }, { name: 'c3' }],
      },
    },
  });
  expect(text).not.toContain('esc_rob_');
});
