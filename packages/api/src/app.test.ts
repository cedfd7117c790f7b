import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
  test('fragments do not hide levels (G5)', async () => {
    const answer = await nobody.graphql(`
      { repositories(first: 1) { nodes { ...a } } }
      fragment a on Repository { namespace { ... on User { repositories(first: 1) { nodes { ...b } } } } }
      fragment b on Repository { namespace { ... on User { repositories(first: 1) { nodes { ...c } } } } }
      fragment c on Repository { namespace { ... on User { repositories(first: 1) { nodes { id } } } } }`);
    expect(answer.status).toBe(400);
    expect(answer.errors[0]?.message).toContain('levels deep');
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
