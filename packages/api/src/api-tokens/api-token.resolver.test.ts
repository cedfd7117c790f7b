import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type Answer, type Caller, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let alice: Caller;
let boss: Caller;
beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice' });
  boss = await api.signIn({ name: 'boss', groups: ['/escale-admins'] });
  await alice.graphql('mutation { createOrganization(input: { name: "acme" }) { organization { id } } }');
});
afterAll(() => api.close());

const codes = ({ errors }: Answer) => errors.map(({ extensions }) => extensions.code);
const create = (caller: Caller, scopes: string[], more = {}) =>
  caller.graphql(
    `mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret apiToken { id title scopes expiresAt } } }`,
    { input: { title: 'script', scopes, ...more } },
  );

interface Created {
  readonly secret: string;
  readonly apiToken: { readonly id: string; readonly title: string };
}

async function tokenOf(caller: Caller, scopes: string[]): Promise<Created & { readonly bearer: Caller }> {
  const created = (await create(caller, scopes)).data['createApiToken'] as Created;
  return { ...created, bearer: api.caller({ authorization: `Bearer ${created.secret}` }) };
}

const createRepository = (caller: Caller, name: string) =>
  caller.graphql('mutation($name: String!) { createRepository(input: { name: $name }) { repository { name } } }', {
    name,
  });

describe('an API token', () => {
  test('is its owner as a bearer, is shown once, and its answer is stored nowhere on the way', async () => {
    const answer = await create(alice, ['READ']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { secret, apiToken } = answer.data['createApiToken'] as Created;
    expect(secret).toMatch(/^esc_api_[0-9A-Za-z]{22}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
    const bearer = api.caller({ authorization: `Bearer ${secret}` });
    expect((await bearer.graphql('{ viewer { username } }')).data).toEqual({ viewer: { username: 'alice' } });
    const list = await alice.graphql('{ viewer { apiTokens { nodes { id title scopes lastUsedAt } } } }');
    expect(list.text).not.toContain(secret.split('_')[3]);
    expect(list.text).toContain(apiToken.id);
  });

  test('ends at once when revoked; another person’s is like none', async () => {
    const { bearer, apiToken } = await tokenOf(alice, ['READ']);
    const revoke = (caller: Caller) =>
      caller.graphql('mutation($id: ID!) { revokeApiToken(input: { id: $id }) { id } }', { id: apiToken.id });
    expect(codes(await revoke(boss))).toEqual(['NOT_FOUND']);
    expect((await revoke(alice)).errors).toEqual([]);
    expect((await bearer.graphql('{ viewer { id } }')).status).toBe(401);
  });

  test('ends when whoever holds it presents it (S7)', async () => {
    const { bearer, secret } = await tokenOf(alice, ['READ']);
    const present = (token: string) =>
      api.caller().fetch('/auth/revoke', { method: 'POST', body: new URLSearchParams({ token }) });
    expect((await present('nonsense')).status).toBe(200);
    expect((await bearer.graphql('{ viewer { id } }')).status).toBe(200);
    expect((await present(secret)).status).toBe(200);
    expect((await bearer.graphql('{ viewer { id } }')).status).toBe(401);
    expect((await api.caller().fetch('/auth/revoke', { method: 'POST' })).status).toBe(400);
  });

  test('is no password of the registry', async () => {
    const { secret } = await tokenOf(alice, ['READ', 'REPOSITORIES_WRITE']);
    const answer = await api
      .caller()
      .graphql('{ viewer { id } }', {}, { authorization: `Basic ${btoa(`$app:${secret}`)}` });
    expect(answer.status).toBe(401);
  });

  test.each([
    [{ title: ' ' }, 'title'],
    [{ scopes: [] }, 'scopes'],
    [{ expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
  ])('%j is refused at the field', async (more, field) => {
    const { errors } = await create(alice, ['READ'], more);
    expect(errors.map(({ extensions }) => [extensions.code, extensions.field])).toEqual([['INPUT_INVALID', field]]);
  });
});

describe('scopes', () => {
  test('reading is not writing, and writing is not administering', async () => {
    const reader = (await tokenOf(alice, ['READ'])).bearer;
    const writer = (await tokenOf(alice, ['REPOSITORIES_WRITE'])).bearer;
    expect(codes(await createRepository(reader, 'acme/a'))).toEqual(['DENIED']);
    expect((await createRepository(writer, 'acme/a')).errors).toEqual([]);
    expect(codes(await writer.graphql('{ repository(name: "acme/a") { name } }'))).toEqual(['DENIED']);
    expect((await reader.graphql('{ repository(name: "acme/a") { name } }')).errors).toEqual([]);
    const publish =
      'mutation { setRepositoryVisibility(input: { repository: "acme/a", visibility: PUBLIC }) { repository { id } } }';
    const refused = await writer.graphql(publish);
    expect(codes(refused)).toEqual(['DENIED']);
    expect(refused.errors[0]?.message).toContain('repositories:admin');
    const administers = (await tokenOf(alice, ['REPOSITORIES_ADMIN'])).bearer;
    expect((await administers.graphql(publish)).errors).toEqual([]);
  });

  test('an API token makes no other credential of its owner, whatever its scopes', async () => {
    const all = [
      'READ',
      'REPOSITORIES_WRITE',
      'REPOSITORIES_ADMIN',
      'ORGANIZATIONS_ADMIN',
      'ROBOTS_ADMIN',
      'ADMINISTRATION',
    ];
    const { bearer } = await tokenOf(boss, all);
    expect(codes(await create(bearer, ['READ']))).toEqual(['DENIED']);
    const app = await bearer.graphql(
      'mutation { createApplicationToken(input: { title: "t" }) { credentials { password } } }',
    );
    expect(codes(app)).toEqual(['DENIED']);
  });

  test('an administrator’s token sees what an ordinary person sees, unless it is made for administration', async () => {
    await createRepository(alice, 'acme/private');
    const reader = (await tokenOf(boss, ['READ'])).bearer;
    const administers = (await tokenOf(boss, ['READ', 'ADMINISTRATION'])).bearer;
    const ask = (caller: Caller) => caller.graphql('{ repository(name: "acme/private") { name } }');
    expect((await ask(reader)).data).toEqual({ repository: null });
    expect((await ask(administers)).data).toEqual({ repository: { name: 'acme/private' } });
    expect(codes(await reader.graphql('{ users { totalCount } }'))).toEqual(['DENIED']);
    expect((await administers.graphql('{ users { totalCount } }')).errors).toEqual([]);
    const stranger = (await tokenOf(alice, ['ADMINISTRATION'])).bearer;
    expect(
      codes(await stranger.graphql('mutation { createMessage(input: { text: "x" }) { message { id } } }')),
    ).toEqual(['DENIED']);
  });

  test('what anybody may know needs none', async () => {
    const { bearer } = await tokenOf(alice, ['ROBOTS_ADMIN']);
    expect((await bearer.graphql('{ server { version } messages { text } }')).errors).toEqual([]);
  });
});

test('the usage log says which token did it', async () => {
  const { bearer, apiToken } = await tokenOf(alice, ['REPOSITORIES_WRITE']);
  await createRepository(bearer, 'acme/by-token');
  const { data } = await alice.graphql(
    '{ repository(name: "acme/by-token") { usageLog { nodes { authenticatedBy } } } }',
  );
  expect(data).toEqual({
    repository: { usageLog: { nodes: [{ authenticatedBy: `api token "script" ${apiToken.id}` }] } },
  });
});
