import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type User } from '@escale/schema/entities';
import { buildOrganization, buildRepository, buildUser } from '@escale/schema/testing';
import { clientOf } from '../testing/registry-client.ts';
import { openTestRegistry, type TestRegistry } from '../testing/test-registry.ts';
import { answered, askForToken, type Answered } from '../testing/token-client.ts';

let registry: TestRegistry;
let alice: User;
let bob: User;
let as: string;

beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'));
  const em = registry.database.orm.em.fork();
  alice = await buildUser(em, { name: 'alice' });
  bob = await buildUser(em, { name: 'bob' });
  await buildOrganization(em, { name: 'acme', owner: alice });
  as = await registry.applicationToken(alice);
  await clientOf(registry, as).pushImage('acme/app', 'latest');
  await clientOf(registry, as).pushImage('acme/other', 'latest');
});
afterAll(() => registry.close());

const get = (query: string, header: string | undefined = as): Promise<Answered> => askForToken(registry, query, header);

const post = async (form: Record<string, string>): Promise<Answered> =>
  answered(
    await registry.send('POST', '/v2/auth', {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    }),
  );

const passwordOf = (header: string): string => Buffer.from(header.slice(6), 'base64').toString().split(':')[1] ?? '';
const statusOf = async (token: string, path: string, method = 'GET') =>
  (await registry.send(method, path, { as: `Bearer ${token}` })).status;

describe('the token service', () => {
  test('answers with the token under both names, for how long, and since when', async () => {
    const { status, body } = await get('service=x&scope=repository:acme/app:pull');
    expect(status).toBe(200);
    expect(body).toEqual({
      token: body['token'],
      access_token: body['token'],
      expires_in: 300,
      issued_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
    });
  });

  test('takes many scopes, as repeated parameters and as one with spaces alike; names may hold no more than they do', async () => {
    const names = async (query: string) =>
      (await get(query)).access.map(({ name, actions }) => `${name} ${actions.join()}`);
    const both = ['acme/app pull', 'acme/other pull,push'];
    expect(await names('scope=repository:acme/app:pull&scope=repository:acme/other:pull,push')).toEqual(both);
    expect(await names('scope=repository:acme/app:pull%20repository:acme/other:pull,push')).toEqual(both);
    const posted = await post({
      grant_type: 'password',
      username: '$app',
      password: passwordOf(as),
      scope: 'repository:acme/app:pull repository:acme/other:pull,push',
    });
    expect(posted.access.map(({ name }) => name)).toEqual(['acme/app', 'acme/other']);
  });

  test('fifty scopes are answered, fifty-one are refused (R25)', async () => {
    const scopes = (count: number) => Array.from({ length: count }, () => 'scope=repository:acme/app:pull').join('&');
    expect((await get(scopes(50))).status).toBe(200);
    expect((await get(scopes(51))).status).toBe(400);
  });

  test.each(['repository:*:*', 'registry:catalog:*', 'repository:acme/secret-of-nobody:pull', 'nonsense', 'a:b:c'])(
    'a scope %s gives a user a token with empty access, which is no error (R25)',
    async (scope) => {
      const { status, access } = await get(`scope=${scope}`);
      expect([status, access]).toEqual([200, []]);
    },
  );

  test('the list of repositories needs a token that was asked for it, and shows what its caller may pull', async () => {
    const withCatalog = (await get('scope=registry:catalog:*')).token;
    const answer = await registry.send('GET', '/v2/_catalog', { as: `Bearer ${withCatalog}` });
    expect([answer.status, await answer.json()]).toEqual([200, { repositories: ['acme/app', 'acme/other'] }]);
    const pullOnly = (await get('scope=repository:acme/app:pull')).token;
    const refused = await registry.send('GET', '/v2/_catalog', { as: `Bearer ${pullOnly}` });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain('scope="registry:catalog:*",error="insufficient_scope"');
    const foreign = await registry.applicationToken(bob);
    const none = await registry.send('GET', '/v2/_catalog', {
      as: `Bearer ${(await get('scope=registry:catalog:*', foreign)).token}`,
    });
    expect(await none.json()).toEqual({ repositories: [] });
  });

  test('nobody signed in gets a token for what is public, and for nothing else', async () => {
    const em = registry.database.orm.em.fork();
    const open = await buildRepository(em, { visibility: 'public' });
    const { status, token, access } = await get(
      `scope=repository:${open.name}:pull,push&scope=repository:acme/app:pull`,
      '',
    );
    expect(status).toBe(200);
    expect(access).toMatchObject([{ name: open.name, actions: ['pull'] }]);
    expect(await statusOf(token, `/v2/${open.name}/tags/list`)).toBe(200);
    expect(await statusOf(token, '/v2/acme/app/tags/list')).toBe(401);
  });

  test.each([
    [{ grant_type: 'client_credentials' }, 400],
    [{}, 400],
    [{ grant_type: 'password', username: '$app', password: 'esc_app_x' }, 401],
    [{ grant_type: 'password' }, 401],
    [{ grant_type: 'refresh_token' }, 401],
    [{ grant_type: 'refresh_token', refresh_token: 'esc_ref_AAAA' }, 401],
  ])('a form of %o answers %i', async (form, status) => {
    expect((await post(form as Record<string, string>)).status).toBe(status);
  });

  test('a body that is no form, one that is too large, and other methods are refused', async () => {
    const send = async (method: string, type: string, body?: string) =>
      (
        await registry.send(method, '/v2/auth', {
          headers: { 'Content-Type': type },
          ...(body !== undefined && { body }),
        })
      ).status;
    expect(await send('POST', 'application/json', '{}')).toBe(400);
    expect(await send('POST', 'application/x-www-form-urlencoded', `x=${'y'.repeat(70_000)}`)).toBe(400);
    expect(await send('PUT', 'text/plain', 'x')).toBe(405);
    expect(await send('DELETE', 'text/plain')).toBe(405);
  });
});

describe('refresh tokens', () => {
  const signIn = (more: Record<string, string> = {}, header = as) =>
    post({ grant_type: 'password', username: '$app', password: passwordOf(header), ...more });
  const offline = { access_type: 'offline' };

  test('are issued to a client that posts access_type=offline, and for any credential of ours', async () => {
    expect((await signIn(offline)).body['refresh_token']).toMatch(/^esc_ref_[\w-]{100,}$/);
    expect((await signIn()).body).not.toHaveProperty('refresh_token');
    expect((await signIn({ access_type: 'online' })).body).not.toHaveProperty('refresh_token');
  });

  test.each(['offline_token=true', 'access_type=offline', 'offline_token=true&client_id=docker&account=%24app'])(
    'are not issued to GET with %s, so that docker login stores the password',
    async (how) => {
      const { status, body } = await get(`service=x&${how}`);
      expect([status, typeof body['token']]).toEqual([200, 'string']);
      expect(body).not.toHaveProperty('refresh_token');
      expect((await get(how, '')).body).not.toHaveProperty('refresh_token');
    },
  );

  test('stand for their credential: any scope that it may have, and no longer than it', async () => {
    const credential = await registry.applicationToken(alice);
    const refresh_token = String((await signIn(offline, credential)).body['refresh_token']);
    const refresh = () => post({ grant_type: 'refresh_token', refresh_token, scope: 'repository:acme/app:pull,push' });
    const { status, access, token } = await refresh();
    expect([status, access[0]?.actions]).toEqual([200, ['pull', 'push']]);
    expect(await statusOf(token, '/v2/acme/app/manifests/latest')).toBe(200);
    const id = (
      JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { credential: { id: string } }
    ).credential.id;
    await registry.database.orm.em.getConnection().execute('delete from application_tokens where id = ?', [id]);
    expect((await refresh()).status).toBe(401);
    expect(await statusOf(token, '/v2/acme/app/manifests/latest')).toBe(401);
  });

  test('say nothing to who reads them, and an altered one is none', async () => {
    const text = String((await signIn(offline)).body['refresh_token']);
    expect(Buffer.from(text.slice(8), 'base64url').toString('latin1')).not.toContain('application-token');
    for (const at of [10, 40, text.length - 3]) {
      const altered = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
      expect((await post({ grant_type: 'refresh_token', refresh_token: altered })).status).toBe(401);
    }
  });
});

test('wrong credentials from one source are told to wait; the right ones are not, from anywhere (T43)', async () => {
  const wrong = `Basic ${Buffer.from(`acme+ci:${passwordOf(as).replace('esc_app', 'esc_rob')}`).toString('base64')}`;
  let tries = 0;
  let answer: Response;
  do {
    answer = await registry.send('GET', '/v2/auth', { as: wrong });
    tries += 1;
  } while (answer.status === 401 && tries < 20);
  expect([answer.status, tries <= 11]).toEqual([429, true]);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await answer.json()).toMatchObject({ errors: [{ code: 'TOOMANYREQUESTS' }] });
  expect((await registry.send('GET', '/v2/', { as: wrong })).status).toBe(429);
  for (let index = 0; index < 15; index += 1) expect((await registry.send('GET', '/v2/', { as })).status).toBe(200);
});
