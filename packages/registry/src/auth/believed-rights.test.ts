import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { Namespace, type Repository, type User } from '@escale/schema/entities';
import { buildPermission, buildUser, buildRepository } from '@escale/schema/testing';
import { openAcme, codeOf, type AcmeScene } from '../testing/acme-scene.ts';
import { digestOf, imageOf, ociManifest } from '../testing/registry-client.ts';
import { askForToken } from '../testing/token-client.ts';

/**
 * Pushes begin on rights that were seen a moment ago. Nothing comes of it when they are gone by then, and nobody is refused when
 * they are not.
 */
let acme: AcmeScene;
let bob: User;
let repository: Repository;
let name: string;
/** Bob's, for the repository of the test. */
let token: string;
let counter = 0;

beforeAll(async () => {
  acme = await openAcme(inject('databaseServerUrl'));
  bob = await buildUser(acme.registry.database.orm.em.fork(), { name: 'bob' });
});
afterAll(() => acme.close());

/** A repository in which bob may write, and has written until a moment ago. */
beforeEach(async () => {
  counter += 1;
  const em = acme.registry.database.orm.em.fork();
  const namespace = await em.findOneOrFail(Namespace, { name: 'acme' });
  repository = await buildRepository(em, { namespace, path: `app${String(counter)}` });
  await buildPermission(em, repository, bob, 'write');
  name = repository.name;
  const basic = await acme.registry.applicationToken(bob);
  ({ token } = await askForToken(acme.registry, `scope=repository:${name}:pull,push`, basic));
  for (const layer of ['one', 'two', 'three']) await pushSmall(layer);
  await pushSmall('{}');
});

const send = (method: string, path: string, options: Parameters<AcmeScene['send']>[2] = {}) =>
  acme.send(method, path.startsWith('/') ? path : `/v2/${name}/${path}`, { as: `Bearer ${token}`, ...options });
const begin = async () => {
  const answer = await send('POST', 'blobs/uploads/');
  expect(answer.status).toBe(202);
  return answer.headers.get('location') ?? '';
};
const pushSmall = async (content: string) => {
  const at = await begin();
  expect((await send('PUT', `${at}?digest=${digestOf(content)}`, { body: content })).status).toBe(201);
};
const ask = <Row extends object>(sql: string, ...values: unknown[]) =>
  acme.registry.database.orm.em.fork().execute<Row[]>(sql, values);

/** How much there is of everything that a push could leave. */
async function contents(): Promise<unknown> {
  const rows = await ask(
    `select (select count(*) from upload_sessions) as uploads, (select count(*) from blobs) as blobs,
            (select count(*) from repository_blobs) as links, (select count(*) from manifests) as manifests,
            (select count(*) from tags) as tags, (select count(*) from repositories) as repositories,
            (select count(*) from usage_log_entries where kind = 'repository.pushed') as log`,
  );
  const entries = await readdir(acme.registry.folder, { recursive: true, withFileTypes: true });
  const objects = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  return { rows, objects };
}

let content = 0;
const fresh = (bytes = 20) => `${String((content += 1))} `.padEnd(bytes, 'x');
const manifestHeaders = { 'Content-Type': ociManifest };

/** The last request of each way to push, ready to be sent; and what it is answered. */
const requests: Readonly<Record<string, { answer: number; ready: () => Promise<() => Promise<Response>> }>> = {
  'the beginning of an upload': {
    answer: 202,
    ready: () => Promise.resolve(() => send('POST', 'blobs/uploads/')),
  },
  'a small blob': {
    answer: 201,
    ready: async () => {
      const [at, body] = [await begin(), fresh()];
      return () => send('PUT', `${at}?digest=${digestOf(body)}`, { body });
    },
  },
  'a blob that is not small': {
    answer: 201,
    ready: async () => {
      const [at, body] = [await begin(), fresh(100_000)];
      return () => send('PUT', `${at}?digest=${digestOf(body)}`, { body });
    },
  },
  'a blob in one request': {
    answer: 201,
    ready: () => {
      const body = fresh();
      return Promise.resolve(() => send('POST', `blobs/uploads/?digest=${digestOf(body)}`, { body }));
    },
  },
  'a new image': {
    answer: 201,
    ready: () => {
      const body = imageOf(['one'], { annotations: { is: fresh() } });
      return Promise.resolve(() => send('PUT', `manifests/new${String(content)}`, { headers: manifestHeaders, body }));
    },
  },
  'an image under a tag that is there': {
    answer: 201,
    ready: async () => {
      const put = (body: string) => send('PUT', 'manifests/latest', { headers: manifestHeaders, body });
      expect((await put(imageOf(['two']))).status).toBe(201);
      return () => put(imageOf(['three']));
    },
  },
  'an image without a tag': {
    answer: 201,
    ready: () => {
      const body = imageOf(['one', 'two', 'three']);
      return Promise.resolve(() => send('PUT', `manifests/${digestOf(body)}`, { headers: manifestHeaders, body }));
    },
  },
};

/** What could not make a repository is answered as if there were none. */
const goesOn = new Set(['a small blob', 'a blob that is not small']);

const endings: Readonly<Record<string, () => Promise<unknown>>> = {
  'the permission is gone': () => ask('delete from permissions where repository_id = ?', repository.id),
  'it is for reading by now': () => ask(`update permissions set role = 'read' where repository_id = ?`, repository.id),
  'the token is revoked': () => ask('delete from application_tokens where user_id = ?', bob.id),
};

test.each(Object.keys(requests).flatMap((request) => Object.keys(endings).map((ending) => [request, ending] as const)))(
  '%s: refused when %s, and nothing is left of it',
  async (request, ending) => {
    const last = await requests[request]?.ready();
    const before = await contents();
    await endings[ending]?.();
    const answer = await last?.();
    expect([answer?.status, answer && (await codeOf(answer))]).toEqual(
      ending === 'the token is revoked'
        ? [401, 'UNAUTHORIZED']
        : ending === 'the permission is gone' && goesOn.has(request)
          ? [404, 'NAME_UNKNOWN']
          : [403, 'DENIED'],
    );
    expect(await contents()).toEqual(before);
  },
);

test.each(Object.entries(requests))('%s: done when other rights have changed', async (_, { answer, ready }) => {
  const last = await ready();
  await buildUser(acme.registry.database.orm.em.fork());
  expect((await last()).status).toBe(answer);
});

test('a push to a name that is another repository’s by now goes there, or has nothing there', async () => {
  const as = acme.writer;
  const own = 'acme/replaced';
  for (const layer of ['{}', 'one', 'two']) await acme.pushBlob(own, layer);
  const at = await acme.begin(own);
  await acme.begin(own);
  const remove = () => ask(`update repositories set deleted_at = now() where name = ? and deleted_at is null`, own);
  const idOf = async () =>
    (await ask<{ id: string }>('select id from repositories where name = ? and deleted_at is null', own))[0]?.id;
  const first = await idOf();
  await remove();
  const begun = await acme.begin(own);
  const second = await idOf();
  expect([second === undefined, second === first]).toEqual([false, false]);
  const [upload] = await ask<{ repository_id: string }>(
    'select repository_id from upload_sessions where id = ?',
    begun.split('/').at(-1),
  );
  expect(upload?.repository_id).toBe(second);
  const late = await acme.send('PUT', `${at}?digest=${digestOf('late')}`, { as, body: 'late' });
  expect([late.status, await codeOf(late)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
  for (let round = 0; round < 3; round += 1) await acme.begin(own);
  await remove();
  const image = await acme.send('PUT', `/v2/${own}/manifests/1`, {
    as,
    headers: manifestHeaders,
    body: imageOf(['one']),
  });
  expect(await codeOf(image)).toBe('MANIFEST_BLOB_UNKNOWN');
  expect(
    await ask('select from manifests m join repositories r on r.id = m.repository_id where r.name = ?', own),
  ).toEqual([]);
});

test('a push of somebody who pushes all the time is one statement a request', async () => {
  for (const request of ['the beginning of an upload', 'a small blob', 'a new image']) {
    const last = await requests[request]?.ready();
    const statements = await acme.registry.database.statementsDuring(async () => last?.());
    expect([request, statements.length]).toEqual([request, 1]);
  }
});
