import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Repository, type User } from '@escale/schema/entities';
import { createOrm, type Orm } from '@escale/schema/orm';
import { buildOrganization, buildPermission, buildTeam, buildUser } from '@escale/schema/testing';
import type { RepositoryName } from '@escale/schema/values';
import { createLogger } from '@escale/server-kit/logger';
import { createApp, type RegistryApp } from '../app.ts';
import { FilesystemBlobStore } from '../storage/filesystem-blob-store.ts';
import { openAcme, type AcmeScene } from '../testing/acme-scene.ts';
import { clientOf } from '../testing/registry-client.ts';
import { askForToken } from '../testing/token-client.ts';

/** A token is never more than its caller may at this moment, in every process (S6, T10). */
let acme: AcmeScene;
beforeAll(async () => {
  acme = await openAcme(inject('databaseServerUrl'));
  await acme.pushImage('acme/other', 'latest');
});
afterAll(() => acme.close());

let other: { url: string; app: RegistryApp; orm: Orm; close(): void };

/** A second process over the same database: caches and connections of its own. */
beforeAll(async () => {
  const orm = await createOrm({ databaseUrl: acme.registry.database.url, poolSize: 3 });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const app = createApp({
    config: { externalUrl: acme.registry.url },
    orm,
    vault: acme.registry.contextOf({ kind: 'anonymous' }).vault,
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
    [acme.registry.url, other.url].map(
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
  ['a member leaves the team', ({ user }) => `delete from team_memberships where user_id = '${user.id}'`, 'team', 404],
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
    'the identity provider refuses the user',
    ({ user }) => `update users set suspended_at = now() where id = '${user.id}'`,
    'team',
    401,
  ],
  [
    'the repository is deleted',
    ({ repository }) => `update repositories set deleted_at = now() where id = '${repository.id}'`,
    'direct',
    404,
  ],
])('when %s, the running token is refused at once', async (_what, statement, by, status) => {
  const em = acme.registry.database.orm.em.fork();
  const user = await buildUser(em);
  const organization = await buildOrganization(em, { owner: acme.alice });
  await clientOf(acme.registry, acme.writer).pushImage(`${organization.name}/app`, 'latest');
  const repository = await em.findOneOrFail(Repository, { name: `${organization.name}/app` as RepositoryName });
  const grantee = by === 'team' ? await buildTeam(em, { organization, members: [user] }) : user;
  await buildPermission(em, repository, grantee, 'read');
  const { token } = await askForToken(
    acme.registry,
    `scope=repository:${repository.name}:pull`,
    await acme.registry.applicationToken(user),
  );
  const path = `/v2/${repository.name}/manifests/latest`;
  expect(await everywhere(token, path)).toEqual([200, 200]);
  await acme.registry.database.orm.em.getConnection().execute(statement({ repository, user }));
  expect(await everywhere(token, path)).toEqual([status, status]);
  expect(await everywhere(token, `/v2/${repository.name}/tags/list`)).toEqual([status, status]);
});

test('a token for a deleted repository is good for nothing on another one of its name, mounts included (T4)', async () => {
  const client = clientOf(acme.registry, acme.writer);
  await client.pushImage('acme/reborn', 'latest', ['old layer']);
  const { token } = await askForToken(
    acme.registry,
    'scope=repository:acme/reborn:pull,push,delete&scope=repository:acme/other:pull,push',
    acme.writer,
  );
  const digest = await client.pushBlob('acme/reborn', 'old layer');
  await acme.registry.database.orm.em
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
    expect((await acme.send(method, `/v2/acme/reborn/${path}`, { as: `Bearer ${token}` })).status, path).toBe(401);
  const mount = await acme.registry.send('POST', `/v2/acme/other/blobs/uploads/?mount=${digest}&from=acme/reborn`, {
    as: `Bearer ${token}`,
  });
  expect([202, 401]).toContain(mount.status);
});
