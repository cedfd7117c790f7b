import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOrm } from '@escale/schema/orm';
import { readAnswer, startTestApi, type Answer, type Caller, type TestApi } from './testing/test-api.ts';

let api: TestApi;
let nobody: Caller;
beforeAll(async () => {
  api = await startTestApi();
  nobody = api.caller();
});
afterAll(() => api.close());

const json = { 'content-type': 'application/json' };

async function post(body: string, headers: Record<string, string> = json): Promise<Answer> {
  return readAnswer(await nobody.fetch('/graphql', { method: 'POST', headers, body }));
}

const codes = ({ errors }: Answer) => errors.map(({ extensions }) => extensions.code);

describe('what may come in at /graphql', () => {
  test('anybody may ask what this registry is, with a plain JSON post', async () => {
    const answer = await post(
      JSON.stringify({ query: '{ server { registryHost version signInProvider revealTokens } viewer { id } }' }),
    );
    expect(answer.status).toBe(200);
    expect(answer.data).toEqual({
      server: {
        registryHost: new URL(api.url).host,
        version: '1.2.3',
        signInProvider: 'Keycloak',
        revealTokens: true,
      },
      viewer: null,
    });
  });

  test.each(['GET', 'PUT', 'DELETE'])('%s answers 405 and names POST (G1)', async (method) => {
    const answer = await nobody.fetch('/graphql?query=mutation%7BconfirmUsername%7D', { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toContain('POST');
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'a %s body, as a foreign form could send it, is refused (G2)',
    async (type) => {
      const answer = await post('{"query":"{ viewer { id } }"}', { 'content-type': type });
      expect(answer.status).toBe(400);
      expect(codes(answer)).toEqual(['BAD_REQUEST']);
    },
  );

  test('a charset other than UTF-8 is refused (G3)', async () => {
    const body = '{"query":"{ viewer { id } }"}';
    expect((await post(body, { 'content-type': 'application/json; charset=ibm500' })).status).toBe(415);
    expect((await post(body, { 'content-type': 'application/json; charset=utf-8' })).status).toBe(200);
  });

  test('a batch of operations is refused (G4)', async () => {
    const answer = await post('[{"query":"{ viewer { id } }"},{"query":"{ viewer { id } }"}]');
    expect(answer.status).toBe(400);
    expect(answer.data).toEqual({});
  });

  test('a body over 100 KiB answers 413 (G7)', async () => {
    const answer = await post(JSON.stringify({ query: '{ viewer { id } }', variables: { x: 'x'.repeat(103_000) } }));
    expect(answer.status).toBe(413);
  });

  test.each(['{"query":', '"text"', 'null', '{}', '{"query":1}', '{"query":"{ viewer { id } }","variables":[1]}'])(
    'the body %s answers 400, not 500',
    async (body) => {
      const answer = await post(body);
      expect(answer.status).toBe(400);
      expect(codes(answer)).toEqual(['BAD_REQUEST']);
    },
  );

  test('no page is served for browsers, and what is not ours is 404', async () => {
    expect((await nobody.fetch('/graphql', { headers: { accept: 'text/html' } })).status).toBe(405);
    expect((await nobody.fetch('/auth/unknown')).status).toBe(404);
  });

  test('an answer says that its type is not to be guessed, and carries a request id', async () => {
    const { headers } = await post('{"query":"{ viewer { id } }"}');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-request-id')).toMatch(/^[\w.-]{8,64}$/);
  });
});

describe('what a document may ask', () => {
  /** `{ repository { namespace { … } } }`, so many levels deep. */
  const nested = (levels: number): string => {
    const pair = 'repositories(first: 1) { nodes { namespace { ... on User { ';
    let text = 'repositories(first: 1) { totalCount }';
    for (let depth = 2; depth < levels; depth += 3) text = `${pair}${text} } } } }`;
    return `{ ${text} }`;
  };

  test('ten levels are answered, more are refused (G5)', async () => {
    expect((await nobody.graphql(nested(8))).status).toBe(200);
    const answer = await nobody.graphql(nested(11));
    expect(answer.status).toBe(400);
    expect(codes(answer)).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  });

  test('fragments do not hide levels (G5)', async () => {
    const answer = await nobody.graphql(`
      { repositories(first: 1) { nodes { ...a } } }
      fragment a on Repository { namespace { ... on User { repositories(first: 1) { nodes { ...b } } } } }
      fragment b on Repository { namespace { ... on User { repositories(first: 1) { nodes { ...c } } } } }
      fragment c on Repository { namespace { ... on User { repositories(first: 1) { nodes { id } } } } }`);
    expect(answer.status).toBe(400);
    expect(answer.errors[0]?.message).toContain('levels deep');
  });

  test('51 aliases, or 16 of one field, are refused (G6)', async () => {
    const aliased = (count: number, field: (index: number) => string) =>
      `{ ${Array.from({ length: count }, (_, index) => `a${String(index)}: ${field(index)}`).join(' ')} }`;
    const fields = ['version', 'externalUrl', 'registryHost', 'signInProvider'];
    const spread = (index: number) => fields[index % 4] ?? '';
    const inServer = (count: number) => `{ server ${aliased(count, spread)} }`;
    expect((await nobody.graphql(inServer(50))).status).toBe(200);
    expect((await nobody.graphql(inServer(51))).status).toBe(400);
    expect((await nobody.graphql(aliased(15, () => 'viewer { id }'))).status).toBe(200);
    expect((await nobody.graphql(aliased(16, () => 'viewer { id }'))).status).toBe(400);
  });

  test('2001 tokens, or a thousand directives, are refused (G8)', async () => {
    const tokens = await nobody.graphql(`{ viewer { ${'id '.repeat(1997)}} }`);
    expect(tokens.status).toBe(400);
    expect(codes(tokens)).toEqual(['GRAPHQL_PARSE_FAILED']);
    const directives = await nobody.graphql(`{ viewer { id ${'@skip(if: false) '.repeat(100)} } }`);
    expect(directives.status).toBe(400);
  });

  test('fragments in circles or in thousands are refused at once (G9)', async () => {
    const circle = '{ viewer { ...a } } fragment a on User { ...b } fragment b on User { ...a }';
    const doubling = Array.from(
      { length: 20 },
      (_, index) => `fragment f${String(index)} on User { ...f${String(index + 1)} ...f${String(index + 1)} }`,
    ).join(' ');
    const fan = `{ viewer { ...f0 } } ${doubling} fragment f20 on User { id }`;
    await nobody.graphql('{ viewer { id } }');
    for (const document of [circle, fan]) {
      const begun = performance.now();
      const answer = await nobody.graphql(document);
      expect(answer.status).toBe(400);
      expect(performance.now() - begun).toBeLessThan(250);
    }
  });

  test('lists in lists are refused by what they can come to (G14)', async () => {
    const answer = await nobody.graphql(
      `query($n: Int) { repositories(first: $n) { nodes { tags(first: 100) { nodes { name } } permissions(first: 100) { nodes { repository { id } } } } } }`,
      { n: 1 },
    );
    expect(answer.status).toBe(400);
    expect(codes(answer)).toEqual(['COST_EXCEEDED']);
  });

  test.each(['{ __schema { types { name } } }', '{ __type(name: "User") { name } }'])(
    '%s is refused: the schema is a published file (G10)',
    async (document) => {
      const answer = await nobody.graphql(document);
      expect(answer.status).toBe(400);
    },
  );

  test('a misspelt field gets no suggestion and no type names (G10)', async () => {
    const answer = await nobody.graphql('{ viewer { usernam } }');
    expect(answer.status).toBe(400);
    expect(answer.errors[0]?.message).toContain('usernam');
    expect(answer.text).not.toMatch(/did you mean|username|User\b/i);
  });

  test.each([
    ['an object for a text', { name: { $ne: null } }],
    ['a list for a text', { name: ['hidden-value'] }],
    ['a number for a text', { name: 1e308 }],
    ['a NUL', { name: 'acme/a\u0000b' }],
    ['half a character', { name: 'acme/\ud800' }],
    ['nothing for what is needed', {}],
  ])('%s is BAD_USER_INPUT (G12, G13)', async (_, variables) => {
    const answer = await nobody.graphql('query($name: String!) { repository(name: $name) { id } }', variables);
    expect(answer.status).toBe(400);
    expect(codes(answer)).toEqual(['BAD_USER_INPUT']);
  });

  test('a value that does not fit does not come back in the error', async () => {
    const answer = await nobody.graphql(
      'mutation($input: CreateApplicationTokenInput!) { createApplicationToken(input: $input) { credentials { server } } }',
      { input: { title: { secret: 'hidden-value' }, expiresAt: 'hidden-date' } },
    );
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('hidden');
    expect(answer.text).toContain('input.title');
    expect(answer.text).toContain('2027-01-31T12:00:00Z');
  });

  test('a million wrong values give at most ten errors (G13)', async () => {
    const answer = await nobody.graphql(
      'mutation($input: CreateOrganizationInput!) { createOrganization(input: $input) { organization { id } } }',
      { input: Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`field${String(index)}`, index])) },
    );
    expect(answer.status).toBe(400);
    expect(answer.errors.length).toBeLessThanOrEqual(11);
  });

  test.each([
    { __proto__: null, constructor: { prototype: { polluted: true } } },
    JSON.parse('{"__proto__":{"polluted":true}}'),
  ])('variables named after the language change nothing (G13)', async (variables: Record<string, unknown>) => {
    await nobody.graphql('{ viewer { id } }', variables);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test.each([{ first: 0 }, { first: -1 }, { first: 1_000_000 }, { after: 'forged' }, { after: '' }])(
    'the page %j',
    async (page) => {
      const answer = await nobody.graphql(
        'query($first: Int, $after: String) { repositories(first: $first, after: $after) { totalCount } }',
        page,
      );
      if (page.after === '') expect(answer.errors).toEqual([]);
      else expect(codes(answer)).toEqual(['INPUT_INVALID']);
    },
  );

  test('an enum takes its words and no SQL (G12)', async () => {
    const answer = await nobody.graphql('query($o: RepositoryOrder) { repositories(orderBy: $o) { totalCount } }', {
      o: 'name; --',
    });
    expect(codes(answer)).toEqual(['BAD_USER_INPUT']);
    expect(answer.text).not.toMatch(/--|NAME|RepositoryOrder/);
  });
});

describe('who calls', () => {
  test('a bearer that is nothing of ours answers 401 with a challenge', async () => {
    const answer = await nobody.graphql('{ viewer { id } }', {}, { authorization: 'Bearer nonsense' });
    expect(answer.status).toBe(401);
    expect(codes(answer)).toEqual(['UNAUTHORIZED']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
  });

  test('another scheme than bearer answers 401', async () => {
    const answer = await nobody.graphql('{ viewer { id } }', {}, { authorization: 'Basic YTpi' });
    expect(answer.status).toBe(401);
    expect(codes(answer)).toEqual(['UNAUTHORIZED']);
  });

  test('a cookie without x-escale-csrf answers 403', async () => {
    const alice = await api.signIn({ name: 'alice' });
    const answer = await readAnswer(
      await alice.fetch('/graphql', { method: 'POST', headers: json, body: '{"query":"{ viewer { id } }"}' }),
    );
    expect(answer.status).toBe(403);
    expect(codes(answer)).toEqual(['DENIED']);
  });

  test.each(['https://evil.example', 'null', 'http://localhost'])(
    'a cookie with the origin %s answers 403 (G15)',
    async (origin) => {
      const alice = await api.signIn({ name: 'alice' });
      const answer = await alice.graphql('{ viewer { username } }', {}, { origin });
      expect(answer.status).toBe(403);
      expect(codes(answer)).toEqual(['DENIED']);
    },
  );

  test('a cookie from our own pages is the person', async () => {
    const alice = await api.signIn({ name: 'alice' });
    expect((await alice.graphql('{ viewer { username email } }')).data).toEqual({
      viewer: { username: 'alice', email: 'alice@example.org' },
    });
  });

  test('a cookie that never was a session of ours is nobody', async () => {
    const stranger = api.caller();
    stranger.cookies.set('escale_session', 'A'.repeat(43));
    expect((await stranger.graphql('{ viewer { id } }')).data).toEqual({ viewer: null });
  });

  test('whoever has not confirmed the user name may do nothing else', async () => {
    const newcomer = await api.signIn({ name: 'newcomer' }, { confirm: false });
    const allowed = await newcomer.graphql(
      '{ viewer { usernameConfirmed } server { version } namespaceName(name: "newcomer2") }',
    );
    expect(allowed.data).toMatchObject({ viewer: { usernameConfirmed: false }, namespaceName: 'VALID' });
    const refused = await newcomer.graphql(
      'mutation { createOrganization(input: { name: "early" }) { organization { id } } }',
    );
    expect(codes(refused)).toEqual(['DENIED']);
    await newcomer.graphql('mutation { confirmUsername(input: { username: "newcomer2" }) { viewer { id } } }');
    const after = await newcomer.graphql('{ viewer { username usernameConfirmed } organizations { totalCount } }');
    expect(after.data).toEqual({
      viewer: { username: 'newcomer2', usernameConfirmed: true },
      organizations: { totalCount: 0 },
    });
  });
});

test('a database that does not answer gives no host name, no SQL and no stack away (G15)', async () => {
  const orm = await createOrm({ databaseUrl: 'postgres://somebody:hidden@127.0.0.1:1/away' });
  const other = await startTestApi({ orm });
  try {
    const withCookie = other.caller();
    withCookie.cookies.set('escale_session', 'A'.repeat(43));
    const answers = [
      await withCookie.graphql('{ viewer { id } }'),
      await other.caller().graphql('{ repository(name: "acme/app") { id } }'),
    ];
    for (const answer of answers) {
      expect(codes(answer)).toEqual(['INTERNAL_SERVER_ERROR']);
      expect(answer.errors[0]?.extensions).toHaveProperty('requestId', answer.headers.get('x-request-id'));
      expect(answer.text).not.toMatch(/select|127\.0\.0\.1|ECONNREFUSED|somebody|hidden|away|\.ts\b|\.js\b/i);
    }
  } finally {
    await other.close();
    await orm.close(true);
  }
});
