import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { userPrincipal } from '@escale/domain/credentials';
import { createRepository, setPermission, setVisibility, updateRepository } from '@escale/domain/repositories';
import { Repository, UsageLogEntry } from '@escale/schema/entities';
import { buildUser } from '@escale/schema/testing';
import type { RepositoryName } from '@escale/schema/values';
import { purgeUploads } from '../jobs/purge-uploads.ts';
import { FilesystemBlobStore } from '../storage/filesystem-blob-store.ts';
import { openAcme, type AcmeScene } from '../testing/acme-scene.ts';
import { clientOf, digestOf, imageOf, indexOf, type RegistryClient } from '../testing/registry-client.ts';

let acme: AcmeScene;
let alice: RegistryClient;
beforeAll(async () => {
  acme = await openAcme(inject('databaseServerUrl'));
  alice = clientOf(acme.registry, acme.writer);
});
afterAll(() => acme.close());

let counter = 0;
const newName = () => `acme/first-${String((counter += 1))}`;
const em = () => acme.registry.database.orm.em.fork();
const ctx = () => acme.registry.contextOf(userPrincipal(acme.alice, { kind: 'session', signedInAt: new Date() }));
const find = (name: string) => em().findOne(Repository, { name: name as RepositoryName });
const exists = async (name: string) => (await find(name)) !== null;
const uploads = (name: string) => `/v2/${name}/blobs/uploads/`;
const cancel = async (location: string) => (await alice.send('DELETE', location)).status;
const logged = async (name: string) => {
  const entries = await em().find(UsageLogEntry, { repository: name }, { orderBy: { id: 'asc' } });
  return entries.map(({ kind, performer }) => [kind, performer]);
};

describe('a repository that a push made goes when nothing was stored', () => {
  test('with its cancelled upload, as clients probe whether they may push', async () => {
    const name = newName();
    const location = await acme.begin(name);
    expect(await exists(name)).toBe(true);
    expect(await cancel(location)).toBe(204);
    expect(await exists(name)).toBe(false);
    expect((await alice.send('GET', `/v2/${name}/tags/list`)).status).toBe(404);
    expect(await logged(name)).toEqual([
      ['repository.created', 'alice'],
      ['repository.deleted', 'alice'],
    ]);
    // The name is free for another one, which is no continuation of the first.
    await alice.pushImage(name, 'v1');
    expect(await exists(name)).toBe(true);
    expect((await alice.send('GET', location)).status).toBe(404);
  });

  test('with the last of its uploads, not before', async () => {
    const name = newName();
    const [first, second] = [await acme.begin(name), await acme.begin(name)];
    expect(await cancel(first)).toBe(204);
    expect(await exists(name)).toBe(true);
    expect(await cancel(second)).toBe(204);
    expect(await exists(name)).toBe(false);
  });

  test('when its upload expires', async () => {
    const name = newName();
    await acme.begin(name);
    await em().execute(
      `update upload_sessions set expires_at = now() - interval '1 second'
         where repository_id = (select id from repositories where name = ?)`,
      [name],
    );
    const { orm } = acme.registry.database;
    await purgeUploads({ orm, blobStore: new FilesystemBlobStore({ folder: acme.registry.folder }) });
    expect(await exists(name)).toBe(false);
    expect((await logged(name)).at(-1)).toEqual(['repository.deleted', 'jobs']);
  });

  test('when its process ended before the first upload', async () => {
    const [old, young] = [newName(), newName()];
    for (const name of [old, young]) {
      await acme.begin(name);
      await em().execute(
        'delete from upload_sessions where repository_id = (select id from repositories where name = ?)',
        [name],
      );
    }
    await em().execute(`update repositories set created_at = now() - interval '1 hour' where name = ?`, [old]);
    const { orm } = acme.registry.database;
    await purgeUploads({ orm, blobStore: new FilesystemBlobStore({ folder: acme.registry.folder }) });
    expect([await exists(old), await exists(young)]).toEqual([false, true]);
  });

  const wrong = digestOf('something else');
  const large = randomBytes(100_000);
  test.each<[string, number, (name: string) => Promise<{ status: number }>]>([
    ['a blob of another digest', 400, (name) => alice.send('POST', `${uploads(name)}?digest=${wrong}`, { body: 'x' })],
    ['a large one', 400, (name) => alice.send('POST', `${uploads(name)}?digest=${wrong}`, { body: large })],
    ['a malformed digest', 400, (name) => alice.send('POST', `${uploads(name)}?digest=nonsense`, { body: 'x' })],
    ['an unknown algorithm', 400, (name) => alice.send('POST', `${uploads(name)}?digest-algorithm=md5`)],
    [
      'an upload that ends under another digest',
      400,
      async (name) => alice.send('PUT', `${await acme.begin(name)}?digest=${wrong}`, { body: 'x' }),
    ],
    ['a manifest of blobs that are not there', 400, (name) => alice.putManifest(name, 'v1', imageOf(['absent']))],
    ['a manifest of another digest', 400, (name) => alice.putManifest(name, wrong, imageOf([]))],
    [
      'what is no manifest',
      400,
      (name) => alice.putManifest(name, 'v1', '{"mediaType":"application/vnd.oci.image.index.v1+json"}'),
    ],
    [
      'a manifest under a condition that fails',
      412,
      (name) => alice.putManifest(name, 'v1', indexOf([]), { 'If-Match': `"${wrong}"` }),
    ],
    ['too many tags', 414, (name) => alice.send('PUT', `/v2/${name}/manifests/${wrong}?${'tag=a&'.repeat(101)}`)],
  ])('because it was refused: %s', async (_name, status, push) => {
    const name = newName();
    expect((await push(name)).status).toBe(status);
    expect(await exists(name)).toBe(false);
  });

  test('because its client went away in the middle of its only request', async () => {
    const name = newName();
    const { port, hostname } = new URL(acme.registry.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST ${uploads(name)}?digest=${wrong} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${acme.writer}\r\n` +
        `Content-Length: 200000\r\n\r\n${'x'.repeat(100_000)}`,
    );
    await expect.poll(() => exists(name)).toBe(true);
    socket.destroy();
    await expect.poll(() => exists(name)).toBe(false);
    expect((await logged(name)).map(([kind]) => kind)).toEqual(['repository.created', 'repository.deleted']);
  });

  test('because its token does not cover the source of a mount', async () => {
    const name = newName();
    const blob = await alice.pushBlob('acme/source', 'to be mounted');
    const token = await alice.send('GET', `/v2/auth?scope=repository:${name}:pull,push`);
    const as = `Bearer ${(JSON.parse(token.text) as { token: string }).token}`;
    const mount = `${uploads(name)}?mount=${blob}&from=acme/source`;
    expect((await acme.send('POST', mount, { as })).status).toBe(401);
    expect(await exists(name)).toBe(false);
    expect((await alice.send('POST', mount)).status).toBe(201);
    expect(await exists(name)).toBe(true);
  });
});

describe('it stays', () => {
  test.each<[string, (name: string) => Promise<unknown>]>([
    ['a small blob', (name) => alice.pushBlob(name, 'small')],
    ['a large blob', (name) => alice.pushBlob(name, randomBytes(100_000))],
    [
      'an upload that was ended',
      async (name) => alice.send('PUT', `${await acme.begin(name)}?digest=${digestOf('x')}`, { body: 'x' }),
    ],
    ['a manifest', (name) => alice.putManifest(name, 'v1', indexOf([]))],
    [
      'a mounted blob',
      async (name) => {
        const blob = await alice.pushBlob('acme/source', 'mounted');
        await alice.send('POST', `${uploads(name)}?mount=${blob}&from=acme/source`);
      },
    ],
  ])('when something was stored, also when that is deleted since: %s', async (_name, store) => {
    const name = newName();
    const location = await acme.begin(name);
    await store(name);
    const { id } = (await find(name)) ?? {};
    await em().execute('delete from manifests where repository_id = ?', [id]);
    await em().execute('delete from repository_blobs where repository_id = ?', [id]);
    expect(await cancel(location)).toBe(204);
    expect(await exists(name)).toBe(true);
  });

  test('when somebody made it on purpose', async () => {
    const name = newName();
    await createRepository(ctx(), { name });
    expect(await cancel(await acme.begin(name))).toBe(204);
    expect((await alice.putManifest(name, 'v1', imageOf(['absent']))).status).toBe(400);
    expect(await exists(name)).toBe(true);
  });

  test.each<[string, (name: string) => Promise<unknown>]>([
    ['a description', (repository) => updateRepository(ctx(), { repository, description: 'wanted' })],
    ['a visibility', (repository) => setVisibility(ctx(), { repository, visibility: 'public' })],
    [
      'a permission',
      async (repository) => {
        const { namespace } = await buildUser(em());
        await setPermission(ctx(), { repository, grantee: { user: namespace.name }, role: 'read' });
      },
    ],
  ])('when somebody has given it %s', async (_name, configure) => {
    const name = newName();
    const location = await acme.begin(name);
    await configure(name);
    expect(await cancel(location)).toBe(204);
    expect(await exists(name)).toBe(true);
  });
});

describe('at the same moment', () => {
  test('probes of one name never fail, and leave nothing', async () => {
    const name = newName();
    const probe = async () => {
      const answers: number[] = [];
      for (let round = 0; round < 6; round += 1) {
        const { status, headers } = await alice.send('POST', uploads(name));
        answers.push(status, status === 202 ? await cancel(headers.get('location') ?? '') : 0);
      }
      return answers;
    };
    const answers = (await Promise.all(Array.from({ length: 4 }, probe))).flat();
    expect(new Set(answers)).toEqual(new Set([202, 204]));
    expect(await exists(name)).toBe(false);
  });

  test('first pushes of several images under one name are stored while uploads are cancelled', async () => {
    for (let round = 0; round < 5; round += 1) {
      const name = newName();
      const probes = [await acme.begin(name), await acme.begin(name)];
      const images = ['a', 'b', 'c', 'd'].map((tag) => indexOf([], { annotations: { tag } }));
      const answers = await Promise.all([
        ...images.map(async (image, index) => (await alice.putManifest(name, `t${String(index)}`, image)).status),
        ...probes.map(cancel),
      ]);
      expect(answers).toEqual([201, 201, 201, 201, 204, 204]);
      const { text } = await alice.send('GET', `/v2/${name}/tags/list`);
      expect(JSON.parse(text)).toMatchObject({ tags: ['t0', 't1', 't2', 't3'] });
    }
  });

  test('a push is stored while probes come and go', async () => {
    for (let round = 0; round < 6; round += 1) {
      const name = newName();
      const content = `round ${String(round)}`;
      const probes = Array.from({ length: 4 }, async () => cancel(await acme.begin(name)));
      const [blob, manifest, ...cancelled] = await Promise.all([
        alice.pushBlob(name, content),
        alice.putManifest(name, 'v1', indexOf([])),
        ...probes,
      ]);
      expect([manifest.status, ...cancelled]).toEqual([201, 204, 204, 204, 204]);
      expect((await alice.send('GET', `/v2/${name}/blobs/${blob}`)).text).toBe(content);
      expect((await alice.send('GET', `/v2/${name}/manifests/v1`)).status).toBe(200);
    }
  });
});
