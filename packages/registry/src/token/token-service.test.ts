import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Repository, type User } from '@escale/schema/entities';
import { createOrm, type Orm } from '@escale/schema/orm';
import { buildOrganization, buildPermission, buildRepository, buildTeam, buildUser } from '@escale/schema/testing';
import type { RepositoryName } from '@escale/schema/values';
import { createLogger } from '@escale/server-kit/logger';
import { createApp, type RegistryApp } from '../app.ts';
import { FilesystemBlobStore } from '../storage/filesystem-blob-store.ts';
import { clientOf } from '../testing/registry-client.ts';
import { openTestRegistry, type TestRegistry } from '../testing/test-registry.ts';

let registry: TestRegistry;
let alice: User;
let bob: User;
let as: string;

/** What a client that asks for a token gets. */
interface Answered {
  readonly status: number;
  readonly token: string;
  readonly access: { name: string; actions: string[]; id?: string }[];
  readonly body: Record<string, unknown>;
}

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

async function answered(answer: Response): Promise<Answered> {
  const body = (await answer.json()) as Record<string, unknown>;
  const token = typeof body['token'] === 'string' ? body['token'] : '';
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || '{"access":[]}';
  return { status: answer.status, token, body, ...(JSON.parse(payload) as Pick<Answered, 'access'>) };
}

const get = async (query: string, header: string | undefined = as): Promise<Answered> =>
  answered(await registry.send('GET', `/v2/auth?${query}`, header === undefined ? {} : { as: header }));

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
  test.each(['offline_token=true', 'access_type=offline'])(
    'are given to those who ask with %s, and to nobody else',
    async (how) => {
      expect((await get(how)).body['refresh_token']).toMatch(/^esc_ref_[\w-]{100,}$/);
      expect((await get('offline_token=false')).body).not.toHaveProperty('refresh_token');
      expect((await get(how, '')).body).not.toHaveProperty('refresh_token');
    },
  );

  test('stand for their credential: any scope that it may have, and no longer than it', async () => {
    const credential = await registry.applicationToken(alice);
    const refresh_token = String((await get('offline_token=true&client_id=docker', credential)).body['refresh_token']);
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
    const text = String((await get('offline_token=true')).body['refresh_token']);
    expect(Buffer.from(text.slice(8), 'base64url').toString('latin1')).not.toContain('application-token');
    for (const at of [10, 40, text.length - 3]) {
      const altered = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
      expect((await post({ grant_type: 'refresh_token', refresh_token: altered })).status).toBe(401);
    }
  });
});

describe('a token is never more than its caller may at this moment, in every process (S6, T10)', () => {
  let other: { url: string; app: RegistryApp; orm: Orm; close(): void };

  /** A second process over the same database: caches and connections of its own. */
  beforeAll(async () => {
    const orm = await createOrm({ databaseUrl: registry.database.url, poolSize: 3 });
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const app = createApp({
      config: { externalUrl: registry.url },
      orm,
      vault: registry.contextOf({ kind: 'anonymous' }).vault,
      blobStore: new FilesystemBlobStore({ folder: '/nonexistent' }),
      logger: createLogger({ level: 'error' }),
    });
    server.on('request', app.koa.callback());
    const url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
    other = {
      url,
      app,
      orm,
      close: () => {
        server.closeAllConnections();
        server.close();
      },
    };
  });
  afterAll(async () => {
    await other.app.close();
    other.close();
    await other.orm.close(true);
  });

  const everywhere = async (token: string, path: string) =>
    Promise.all(
      [registry.url, other.url].map(
        async (url) => (await fetch(`${url}${path}`, { headers: { Authorization: `Bearer ${token}` } })).status,
      ),
    );

  test.each<[string, (given: { repository: Repository; user: User }) => string, string, number]>([
    [
      'a permission is taken away',
      ({ repository }) => `delete from permissions where repository_id = '${repository.id}'`,
      'direct',
      404,
    ],
    [
      'a member leaves the team',
      ({ user }) => `delete from team_memberships where user_id = '${user.id}'`,
      'team',
      404,
    ],
    [
      'the credential is revoked',
      ({ user }) => `delete from application_tokens where user_id = '${user.id}'`,
      'direct',
      401,
    ],
    [
      'the credential expires',
      ({ user }) => `update application_tokens set expires_at = now() where user_id = '${user.id}'`,
      'direct',
      401,
    ],
    ['the user is disabled', ({ user }) => `update users set disabled_at = now() where id = '${user.id}'`, 'team', 401],
    [
      'the repository is deleted',
      ({ repository }) => `update repositories set deleted_at = now() where id = '${repository.id}'`,
      'direct',
      404,
    ],
  ])('when %s, the running token is refused at once', async (_what, statement, by, status) => {
    const em = registry.database.orm.em.fork();
    const user = await buildUser(em);
    const organization = await buildOrganization(em, { owner: alice });
    await clientOf(registry, as).pushImage(`${organization.name}/app`, 'latest');
    const repository = await em.findOneOrFail(Repository, { name: `${organization.name}/app` as RepositoryName });
    const grantee = by === 'team' ? await buildTeam(em, { organization, members: [user] }) : user;
    await buildPermission(em, repository, grantee, 'read');
    const { token } = await get(`scope=repository:${repository.name}:pull`, await registry.applicationToken(user));
    const path = `/v2/${repository.name}/manifests/latest`;
    expect(await everywhere(token, path)).toEqual([200, 200]);
    await registry.database.orm.em.getConnection().execute(statement({ repository, user }));
    expect(await everywhere(token, path)).toEqual([status, status]);
    expect(await everywhere(token, `/v2/${repository.name}/tags/list`)).toEqual([status, status]);
  });

  test('a token for a deleted repository is good for nothing on another one of its name, mounts included (T4)', async () => {
    const client = clientOf(registry, as);
    await client.pushImage('acme/reborn', 'latest', ['old layer']);
    const { token } = await get('scope=repository:acme/reborn:pull,push,delete&scope=repository:acme/other:pull,push');
    const digest = await client.pushBlob('acme/reborn', 'old layer');
    await registry.database.orm.em
      .getConnection()
      .execute(`update repositories set deleted_at = now() where name = 'acme/reborn'`);
    await client.pushImage('acme/reborn', 'latest', ['old layer']);
    const verbs: [string, string][] = [
      ['GET', 'manifests/latest'],
      ['HEAD', 'manifests/latest'],
      ['GET', `blobs/${digest}`],
      ['GET', 'tags/list'],
      ['GET', `referrers/${digest}`],
      ['POST', 'blobs/uploads/'],
      ['PUT', 'manifests/2'],
      ['DELETE', 'manifests/latest'],
      ['DELETE', `blobs/${digest}`],
    ];
    for (const [method, path] of verbs)
      expect(await statusOf(token, `/v2/acme/reborn/${path}`, method), path).toBe(401);
    const mount = await registry.send('POST', `/v2/acme/other/blobs/uploads/?mount=${digest}&from=acme/reborn`, {
      as: `Bearer ${token}`,
    });
    expect([202, 401]).toContain(mount.status);
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
