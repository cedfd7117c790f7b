import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiToken } from '@escale/schema/entities';
import { createOrm, type Orm } from '@escale/schema/orm';
import { buildUser } from '@escale/schema/testing';
import { createToken } from '@escale/domain/credentials';
import { readAnswer, startTestApi, type Answer, type Caller, type TestApi } from '../testing/test-api.ts';

/** What is refused, G1 to G15: the status and the code of each, exactly. */
let api: TestApi;
let away: Orm;
let withoutDatabase: TestApi;
let nobody: Caller;
let alice: Caller;
/** Two ids of API tokens: one is somebody else's, one nobody's. */
let foreignId: string;
const randomId = '018f2f60-0000-7000-8000-0000000000aa';

beforeAll(async () => {
  api = await startTestApi();
  nobody = api.caller();
  alice = await api.signIn({ name: 'alice' });
  const em = api.database.orm.em.fork();
  const { stored } = createToken(api.vault, 'api', { revealable: false });
  em.create(ApiToken, { ...stored, user: await buildUser(em), title: 'script', scopes: ['read'] });
  await em.flush();
  foreignId = stored.id;
  away = await createOrm({ databaseUrl: 'postgres://somebody:hidden@127.0.0.1:1/away' });
  withoutDatabase = await startTestApi({ orm: away });
});
afterAll(async () => {
  await Promise.all([api.close(), withoutDatabase.close()]);
  await away.close(true);
});

interface Row {
  readonly id: string;
  readonly what: string;
  readonly ask: () => Promise<Answer>;
  readonly status: number;
  /** The code of every error; undefined where the answer is no GraphQL. */
  readonly code: string | undefined;
  /** What the answer must not let out. */
  readonly silentOf?: RegExp;
}

const viewer = '{"query":"{ viewer { id } }"}';

async function send(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
  return readAnswer(await nobody.fetch(path, { method, headers, ...(body !== undefined && { body }) }));
}

const post = (body: string, type = 'application/json') => send('POST', '/graphql', { 'content-type': type }, body);
const ask = (query: string, variables?: Record<string, unknown>) => nobody.graphql(query, variables);

/** So many lists in each other. */
function nested(levels: number): string {
  let text = 'repositories(first: 1) { totalCount }';
  for (let depth = 2; depth < levels; depth += 3)
    text = `repositories(first: 1) { nodes { namespace { ... on User { ${text} } } } }`;
  return `{ ${text} }`;
}

const aliased = (count: number, field: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => `a${String(index)}: ${field(index)}`).join(' ');
const serverFields = ['version', 'externalUrl', 'registryHost', 'signInProvider'];
const aliasesInServer = (count: number) =>
  ask(`{ server { ${aliased(count, (index) => serverFields[index % 4] ?? '')} } }`);
const newToken = () => 'createApplicationToken(input: { title: "x" }) { credentials { username } }';

const fragmentsInCircles = '{ viewer { ...a } } fragment a on User { ...b } fragment b on User { ...a }';
const twoToTheTwentieth = `{ viewer { ...f0 } } ${Array.from(
  { length: 20 },
  (_, index) => `fragment f${String(index)} on User { ...f${String(index + 1)} ...f${String(index + 1)} }`,
).join(' ')} fragment f20 on User { id }`;

const byName = (variables: Record<string, unknown>) =>
  ask('query($name: String!) { repository(name: $name) { id } }', variables);
const page = (variables: Record<string, unknown>) =>
  ask('query($first: Int, $after: String) { repositories(first: $first, after: $after) { totalCount } }', variables);
const cursor = (...keys: unknown[]) => Buffer.from(JSON.stringify(keys)).toString('base64url');
const titled = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`field${String(index)}`, index]));

const invalid = 'GRAPHQL_VALIDATION_FAILED';
const input = 'BAD_USER_INPUT';
const inside = /select|127\.0\.0\.1|ECONNREFUSED|somebody|hidden|\baway\b|\.ts\b|\.js\b/i;
const names = /did you mean|username|\bUser\b/i;

const rows: readonly Row[] = [
  ...['GET', 'PUT', 'DELETE', 'PROPFIND', 'LINK'].map((method) => ({
    ...{ id: 'G1', what: `a mutation by ${method}`, status: 405, code: undefined },
    ask: () => send(method, '/graphql?query=mutation%7BconfirmUsername%7D', {}),
  })),
  ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'].map((type) => ({
    ...{ id: 'G2', what: `a ${type} body, as a foreign form sends it`, status: 400, code: 'BAD_REQUEST' },
    ask: () => post(viewer, type),
  })),
  row('G2', 'a query by GET', () => send('GET', '/graphql?query=%7Bviewer%7Bid%7D%7D', {}), 405, undefined),
  row('G3', 'a charset that is not UTF-8', () => post(viewer, 'application/json; charset=ibm500'), 415, 'BAD_REQUEST'),
  row('G4', 'two operations in a list', () => post(`[${viewer},${viewer}]`), 400, 'BAD_REQUEST'),
  row('G5', 'eleven levels', () => ask(nested(11)), 400, invalid),
  row('G6', '51 aliases', () => aliasesInServer(51), 400, invalid),
  row('G6', '51 aliases of a mutation', () => ask(`mutation { ${aliased(51, newToken)} }`), 400, invalid),
  row('G6', '16 aliases of a field', () => ask(`{ ${aliased(16, () => 'viewer { id }')} }`), 400, invalid),
  row('G6', '11 mutations', () => ask(`mutation { ${aliased(11, newToken)} }`), 400, invalid),
  row('G7', 'more than 100 KiB', () => ask('{ viewer { id } }', { x: 'x'.repeat(103_000) }), 413, 'BAD_REQUEST'),
  row('G8', '2001 tokens', () => ask(`{ viewer { ${'id '.repeat(1997)}} }`), 400, 'GRAPHQL_PARSE_FAILED'),
  row('G8', '100 directives', () => ask(`{ viewer { id ${'@skip(if: false) '.repeat(100)} } }`), 400, invalid),
  row(
    'G8',
    'a thousand directives',
    () => ask(`{ viewer { id ${'@skip(if: true) '.repeat(1000)} } }`),
    400,
    'GRAPHQL_PARSE_FAILED',
  ),
  row('G9', 'fragments in circles', () => ask(fragmentsInCircles), 400, invalid),
  row('G9', 'fragments that double twenty times', () => ask(twoToTheTwentieth), 400, invalid),
  row('G10', '__schema', () => ask('{ __schema { types { name } } }'), 400, invalid, names),
  row('G10', '__type', () => ask('{ __type(name: "User") { name } }'), 400, invalid, /did you mean/i),
  row('G10', 'a misspelt field', () => ask('{ viewer { usernam } }'), 400, invalid, names),
  row('G11', 'a token of somebody else', () => revoke(foreignId), 200, 'NOT_FOUND'),
  row('G11', 'a token of nobody', () => revoke(randomId), 200, 'NOT_FOUND'),
  row('G12', 'an object for a text', () => byName({ name: { $ne: null } }), 400, input),
  row('G12', 'raw SQL for a text', () => byName({ name: { __raw: 'select 1' } }), 400, input, /select/),
  row('G12', 'a list for a text', () => byName({ name: ['hidden-value'] }), 400, input, /hidden/),
  row('G12', 'SQL for an enum', () => ordered('name; --'), 400, input, /--|NAME|RepositoryOrder/),
  row('G13', 'a number for a text', () => byName({ name: 1e308 }), 400, input),
  row('G13', 'a number beyond Int', () => page({ first: 1e308 }), 400, input),
  row('G13', 'NUL', () => byName({ name: 'acme/a\u0000b' }), 400, input),
  row('G13', 'half a character', () => byName({ name: 'acme/\ud800' }), 400, input),
  row(
    'G13',
    'half a character in the document',
    () => ask('{ repository(name: "\\ud800") { id } }'),
    400,
    'GRAPHQL_PARSE_FAILED',
  ),
  row('G13', 'nothing for what is needed', () => byName({}), 400, input),
  row(
    'G13',
    '__proto__ for a text',
    () =>
      post(
        '{"query":"query($name: String!) { repository(name: $name) { id } }","variables":{"__proto__":{"name":"acme/app"}}}',
      ),
    400,
    input,
  ),
  ...['{"__proto__":{"polluted":true}}', '{"x":{"constructor":{"prototype":{"polluted":true}}}}'].map((variables) => ({
    ...{ id: 'G13', what: `the variables ${variables}`, status: 400, code: input },
    ask: () => post(`{"query":"{ viewer { id } }","variables":${variables}}`),
  })),
  row('G13', 'two thousand fields that there are not', () => created(titled(2000)), 400, input),
  row('G13', 'a list of 40,000', () => byName({ name: Array.from({ length: 40_000 }, () => 1) }), 400, input),
  ...[0, -1, 101, 1_000_000].map((first) => row('G14', `first: ${String(first)}`, () => page({ first }), 400, input)),
  row('G14', 'first: 1000000, written out', () => ask('{ repositories(first: 1000000) { totalCount } }'), 400, input),
  row(
    'G14',
    'first: -1 by default',
    () => ask('query($n: Int = -1) { search(text: "a", first: $n) { __typename } }'),
    400,
    input,
  ),
  row('G14', 'a forged cursor', () => page({ after: 'forged' }), 400, input),
  row('G14', 'a cursor of another list', () => page({ after: cursor('a', 'b', randomId) }), 400, input),
  row('G14', 'a cursor that names no row', () => page({ after: cursor('a', 'not an id') }), 400, input),
  row(
    'G14',
    'a mutation whose answer could not be given',
    () => created({ name: 'acme' }, 'robots(first: 1000) { totalCount }'),
    400,
    input,
  ),
  row(
    'G14',
    'lists in lists beyond the budget',
    () =>
      ask(
        'query($n: Int) { repositories(first: $n) { nodes { tags(first: 100) { nodes { name } } permissions(first: 100) { nodes { role } } } } }',
        { n: 1 },
      ),
    400,
    'COST_EXCEEDED',
  ),
  ...['https://evil.example', 'null', 'http://localhost'].map((origin) => ({
    ...{ id: 'G15', what: `a cookie from ${origin}`, status: 403, code: 'DENIED' },
    ask: () => alice.graphql('{ viewer { username } }', {}, { origin }),
  })),
  row('G15', 'a session while the database is away', withSession, 503, 'INTERNAL_SERVER_ERROR', inside),
  row('G15', 'a field while the database is away', withField, 503, 'INTERNAL_SERVER_ERROR', inside),
  row(
    'G15',
    'the hash of a document',
    () => post(`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"${'a'.repeat(64)}"}}}`),
    400,
    'PERSISTED_QUERY_NOT_SUPPORTED',
  ),
];

function row(
  ...[id, what, ask, status, code, silentOf]: [
    string,
    string,
    () => Promise<Answer>,
    number,
    string | undefined,
    RegExp?,
  ]
): Row {
  return { id, what, ask, status, code, ...(silentOf && { silentOf }) };
}

function revoke(id: string): Promise<Answer> {
  return alice.graphql('mutation($id: ID!) { revokeApiToken(input: { id: $id }) { __typename } }', { id });
}

function ordered(order: string): Promise<Answer> {
  return ask('query($o: RepositoryOrder) { repositories(orderBy: $o) { totalCount } }', { o: order });
}

function created(organization: Record<string, unknown>, fields = 'id'): Promise<Answer> {
  return alice.graphql(
    `mutation($input: CreateOrganizationInput!) { createOrganization(input: $input) { organization { ${fields} } } }`,
    { input: organization },
  );
}

function withSession(): Promise<Answer> {
  const caller = withoutDatabase.caller();
  caller.cookies.set('escale_session', 'A'.repeat(43));
  return caller.graphql('{ viewer { id } }');
}

function withField(): Promise<Answer> {
  return withoutDatabase.caller().graphql('{ repository(name: "acme/app") { id } }');
}

test.each(rows)('$id: $what answers $status $code', async ({ ask: send, status, code, silentOf }) => {
  const answer = await send();
  expect([answer.status, [...new Set(answer.errors.map(({ extensions }) => extensions.code))]]).toEqual([
    status,
    code === undefined ? [] : [code],
  ]);
  expect(answer.errors.length).toBeLessThanOrEqual(10);
  if (silentOf) expect(answer.text).not.toMatch(silentOf);
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test('every line of the list is asked', () => {
  expect(new Set(rows.map(({ id }) => id))).toEqual(
    new Set(Array.from({ length: 15 }, (_, index) => `G${String(index + 1)}`)),
  );
});

test('what was refused has made nothing', async () => {
  await created({ name: 'unmade' }, 'robots(first: 1000) { totalCount }');
  expect((await alice.graphql('{ organization(name: "unmade") { id } }')).data).toEqual({ organization: null });
});

test("somebody else's and nobody's are answered byte for byte alike (G11)", async () => {
  expect((await revoke(foreignId)).text).toBe((await revoke(randomId)).text);
});

test('what fails on our side leads to its line in the log (G15)', async () => {
  for (const answer of [await withSession(), await withField()])
    expect(answer.errors[0]?.extensions).toHaveProperty('requestId', answer.headers.get('x-request-id'));
});

test('what is just within the bounds is answered (G3, G5, G6, G14)', async () => {
  const answers = [
    await post(viewer, 'application/json; charset=utf-8'),
    await ask(nested(8)),
    await aliasesInServer(50),
    await ask(`{ ${aliased(15, () => 'viewer { id }')} }`),
    await page({ first: 100 }),
    await page({ after: '' }),
    await page({}),
  ];
  expect(answers.map(({ status, errors }) => [status, errors])).toEqual(answers.map(() => [200, []]));
});
