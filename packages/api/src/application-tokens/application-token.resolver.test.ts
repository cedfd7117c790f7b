import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApplicationToken, UsageLogEntry } from '@escale/schema/entities';
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

interface Shown {
  applicationToken: { id: string; title: string; revealable: boolean };
  credentials: { username: string; password: string; server: string; artifacts: { kind: string; content: string }[] };
}

const fields =
  'applicationToken { id title revealable } credentials { username password server artifacts { kind content } }';

async function create(caller: Caller, input: Record<string, unknown>): Promise<{ answer: Answer; shown: Shown }> {
  const answer = await caller.graphql(
    `mutation($input: CreateApplicationTokenInput!) { createApplicationToken(input: $input) { ${fields} } }`,
    { input },
  );
  return { answer, shown: answer.data['createApplicationToken'] as Shown };
}

const reveal = (caller: Caller, id: string) =>
  caller.graphql(`mutation($id: ID!) { revealApplicationToken(input: { id: $id }) { ${fields} } }`, { id });
const revoke = (caller: Caller, id: string) =>
  caller.graphql('mutation($id: ID!) { revokeApplicationToken(input: { id: $id }) { id } }', { id });

test('a new token comes with everything that one pastes, and is kept nowhere on its way', async () => {
  const { answer, shown } = await create(alice, { title: ' laptop ' });
  const { host } = new URL(api.url);
  expect(shown.applicationToken).toMatchObject({ title: 'laptop', revealable: true });
  expect(shown.credentials).toMatchObject({ username: '$app', server: host });
  expect(shown.credentials.password).toMatch(/^esc_app_/);
  const login = shown.credentials.artifacts.find(({ kind }) => kind === 'DOCKER_LOGIN');
  expect(login?.content).toBe(`docker login -u='$app' -p='${shown.credentials.password}' ${host}`);
  expect(answer.headers.get('cache-control')).toBe('no-store');
});

test('it is shown again to its owner, and the usage log says so', async () => {
  const { shown } = await create(alice, { title: 'again' });
  const answer = await reveal(alice, shown.applicationToken.id);
  expect(answer.data['revealApplicationToken']).toEqual(shown);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const log = await api.database.orm.em
    .fork()
    .find(UsageLogEntry, { namespace: 'alice', kind: 'application_token.revealed' });
  expect(log.map(({ details }) => details)).toContainEqual({ title: 'again' });
  expect(JSON.stringify(log)).not.toContain(shown.credentials.password);
});

test('the token of another person is answered like one that does not exist, byte for byte (G11)', async () => {
  const { shown } = await create(alice, { title: 'private' });
  for (const verb of [reveal, revoke]) {
    const foreign = await verb(bob, shown.applicationToken.id);
    const random = await verb(bob, randomUUID());
    expect(faults(foreign)).toEqual([['NOT_FOUND', 'id']]);
    expect(foreign.text).toBe(random.text);
    expect(foreign.status).toBe(random.status);
    expect(faults(await verb(bob, "1' or true --"))).toEqual([['NOT_FOUND', 'id']]);
  }
  expect((await reveal(alice, shown.applicationToken.id)).errors).toEqual([]);
});

test('a revoked token is gone', async () => {
  const { shown } = await create(alice, { title: 'short-lived' });
  const { id } = shown.applicationToken;
  expect((await revoke(alice, id)).data).toEqual({ revokeApplicationToken: { id } });
  expect(faults(await reveal(alice, id))).toEqual([['NOT_FOUND', 'id']]);
});

test.each([
  [{ title: '' }, 'title'],
  [{ title: ' ' }, 'title'],
  [{ title: 'x'.repeat(256) }, 'title'],
  [{ title: 'late', expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
])('%j is refused at the field', async (input, field) => {
  expect(faults((await create(alice, input)).answer)).toEqual([['INPUT_INVALID', field]]);
});

test('the list is the own one, the newest first, without secrets', async () => {
  const carol = await api.signIn({ name: 'carol' });
  for (const title of ['one', 'two', 'three']) await create(carol, { title, expiresAt: null });
  const { data, text } = await carol.graphql(
    '{ viewer { applicationTokens(first: 2) { totalCount nodes { title lastUsedAt expiresAt } pageInfo { hasNextPage } } } }',
  );
  expect(data).toEqual({
    viewer: {
      applicationTokens: {
        totalCount: 3,
        nodes: [
          { title: 'three', lastUsedAt: null, expiresAt: null },
          { title: 'two', lastUsedAt: null, expiresAt: null },
        ],
        pageInfo: { hasNextPage: true },
      },
    },
  });
  expect(text).not.toContain('esc_app_');
});

test('robots and programs without a person have none', async () => {
  expect(faults((await create(api.caller(), { title: 'x' })).answer)).toEqual([['UNAUTHORIZED', undefined]]);
});

test('where tokens are shown once, no sealed copy is kept (ESCALE_REVEAL_TOKENS=false)', async () => {
  const once = await startTestApi({ revealTokens: false });
  try {
    const dave = await once.signIn({ name: 'dave' });
    const { shown } = await create(dave, { title: 'once' });
    expect(shown.credentials.password).toMatch(/^esc_app_/);
    expect(shown.applicationToken.revealable).toBe(false);
    expect(faults(await reveal(dave, shown.applicationToken.id))).toEqual([['TOKEN_NOT_REVEALABLE', undefined]]);
    const row = await once.database.orm.em.fork().findOneOrFail(ApplicationToken, { id: shown.applicationToken.id });
    expect(row.sealed).toBeNull();
  } finally {
    await once.close();
  }
});
