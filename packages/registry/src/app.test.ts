import { request as rawRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Robot, UsageLogEntry } from '@escale/schema/entities';
import { buildPermission } from '@escale/schema/testing';
import { codeOf, openAcme, type AcmeScene } from './testing/acme-scene.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseServerUrl: string;
  }
}

let acme: AcmeScene;
beforeAll(async () => {
  acme = await openAcme(inject('databaseServerUrl'));
  await acme.pushImage('acme/app', '1');
});
afterAll(() => acme.close());

describe('names and paths (R1–R7)', () => {
  test.each([
    ['GET', '/v2/Acme/App/manifests/1', 400, 'NAME_INVALID'],
    ['GET', '/v2/acme/a..b/manifests/1', 400, 'NAME_INVALID'],
    ['GET', '/v2/acme%2fapp/manifests/1', 400, 'NAME_INVALID'],
    ['GET', `/v2/${'a/'.repeat(200)}b/manifests/1`, 400, 'NAME_INVALID'],
    ['GET', `/v2/acme/${'a'.repeat(300)}/tags/list`, 400, 'NAME_INVALID'],
    ['GET', '/v2/acme/app/blobs/sha256:XYZ', 400, 'DIGEST_INVALID'],
    ['GET', `/v2/acme/app/blobs/sha256:${'A'.repeat(64)}`, 400, 'DIGEST_INVALID'],
    ['GET', `/v2/acme/app/blobs/md5:${'a'.repeat(32)}`, 400, 'DIGEST_INVALID'],
    ['GET', '/v2/acme/app/manifests/.hidden', 404, 'MANIFEST_UNKNOWN'],
    ['PUT', `/v2/acme/app/manifests/${'a'.repeat(129)}`, 400, 'MANIFEST_INVALID'],
    ['GET', '/v2/acme/app/referrers/sha256:short', 400, 'DIGEST_INVALID'],
    ['GET', '/v2/_oci/ext/discover', 404, 'NOT_FOUND'],
    ['GET', '/v2/acme/app/_oci/ext/discover', 404, 'NOT_FOUND'],
    ['GET', '/v2/acme/app', 404, 'NOT_FOUND'],
    ['DELETE', '/v2/acme/app/tags/1', 404, 'NOT_FOUND'],
    ['GET', '/v2/acme/app/tags/list/', 404, 'NOT_FOUND'],
    ['GET', '/v2/_catalog/', 404, 'NOT_FOUND'],
    ['POST', '/v2/token', 404, 'NOT_FOUND'],
    ['GET', '/v2/acme/app/x..y', 400, 'NAME_INVALID'],
    ['GET', '/v2/acme%2fapp', 400, 'NAME_INVALID'],
    ['GET', '/v2/acme//', 400, 'NAME_INVALID'],
    ['PATCH', '/v2/acme/app/manifests/1', 405, 'UNSUPPORTED'],
    ['PROPFIND', '/v2/', 405, 'UNSUPPORTED'],
    ['PUT', '/v2/acme/app/blobs/uploads/00000000-0000-4000-8000-000000000000', 400, 'DIGEST_INVALID'],
  ])('%s %s answers %i %s', async (method, path, status, code) => {
    const answer = await acme.send(method, path, { as: acme.writer });
    expect([answer.status, await codeOf(answer)]).toEqual([status, code]);
  });

  test.each(['/v2/../../etc/manifests/x', '/v2//app/manifests/1', '/v2/acme/%2e%2e/manifests/1'])(
    '%s on the wire is refused, never redirected',
    async (path) => {
      const status = await new Promise<number>((resolve, reject) => {
        const { hostname, port } = new URL(acme.registry.url);
        const sending = rawRequest({ hostname, port, path, headers: { Authorization: acme.writer } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        });
        sending.on('error', reject);
        sending.end();
      });
      expect(status).toBe(400);
    },
  );

  test.each(['constructor', 'tostring'])('%s is a name like any other', async (name) => {
    await acme.pushImage(`acme/${name}`, '__proto__');
    expect((await acme.send('HEAD', `/v2/acme/${name}/manifests/__proto__`, { as: acme.writer })).status).toBe(200);
  });
});

describe('rights (T27)', () => {
  test('private and missing look the same to those who may not see', async () => {
    await acme.pushImage('acme/secret', '1');
    const both = async (as: string | undefined, method: string, path: string) => {
      const texts: string[] = [];
      for (const name of ['acme/secret', 'acme/absent']) {
        const answer = await acme.send(method, `/v2/${name}/${path}`, as === undefined ? {} : { as });
        const challenge = answer.headers.get('www-authenticate') ?? '';
        texts.push(`${answer.status} ${challenge} ${await answer.text()}`.replaceAll(name, 'NAME'));
      }
      expect(texts[0]).toBe(texts[1]);
      return Number(texts[0]?.slice(0, 3));
    };
    expect(await both(undefined, 'GET', 'manifests/1')).toBe(401);
    expect(await both(acme.outsider, 'GET', 'manifests/1')).toBe(404);
    expect(await both(acme.outsider, 'GET', 'tags/list')).toBe(404);
    expect(await both(acme.outsider, 'POST', 'blobs/uploads/')).toBe(403);
    expect(await both(undefined, 'POST', 'blobs/uploads/')).toBe(401);
  });

  test('a first push makes a private repository whose maker administers it, and says so in the usage log', async () => {
    await acme.pushImage('acme/brand-new', '1');
    expect((await acme.send('GET', '/v2/acme/brand-new/manifests/1')).status).toBe(401);
    const em = acme.registry.database.orm.em.fork();
    const kinds = (await em.find(UsageLogEntry, { repository: 'acme/brand-new' }, { orderBy: { id: 'asc' } })).map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(['repository.created', 'repository.pushed']);
  });

  test('a right that is missing is named, with who could grant it, to those who may see the repository', async () => {
    await acme.pushImage('acme/readable', '1');
    const login = await acme.registry.robotToken(acme.alice, 'acme', 'reader');
    const em = acme.registry.database.orm.em.fork();
    const robot = await em.findOneOrFail(Robot, { name: 'reader' });
    const { Repository } = await import('@escale/schema/entities');
    await buildPermission(em, await em.findOneOrFail(Repository, { name: 'acme/readable' as never }), robot, 'read');
    expect((await acme.send('GET', '/v2/acme/readable/manifests/1', { as: login })).status).toBe(200);
    const push = await acme.send('POST', '/v2/acme/readable/blobs/uploads/', { as: login });
    expect(push.status).toBe(403);
    expect(await push.json()).toMatchObject({
      errors: [
        {
          code: 'DENIED',
          message: expect.stringContaining('alice can grant it') as string,
          detail: { missing: 'write' },
        },
      ],
    });
  });

  test('a acme.registry token ends with the credential behind it, at once', async () => {
    const credential = await acme.registry.applicationToken(acme.alice);
    const answer = await acme.send('GET', '/v2/auth?scope=repository:acme/app:pull', { as: credential });
    const { token } = (await answer.json()) as { token: string };
    const ping = () => acme.send('GET', '/v2/', { as: `Bearer ${token}` });
    expect((await ping()).status).toBe(200);
    await acme.registry.database.orm.em
      .getConnection()
      .execute(
        'delete from application_tokens where id = (select id from application_tokens order by id desc limit 1)',
      );
    expect((await ping()).status).toBe(401);
  });

  test('a token for one repository does nothing on another, and the challenge says what is missing', async () => {
    await acme.pushImage('acme/app', '1');
    await acme.pushImage('acme/other', '1');
    const answer = await acme.send('GET', '/v2/auth?scope=repository:acme/app:pull', { as: acme.writer });
    const { token } = (await answer.json()) as { token: string };
    const other = await acme.send('GET', '/v2/acme/other/manifests/1', { as: `Bearer ${token}` });
    expect(other.status).toBe(401);
    expect(other.headers.get('www-authenticate')).toContain('scope="repository:acme/other:pull"');
    expect((await acme.send('GET', '/v2/acme/app/manifests/1', { as: `Bearer ${token}` })).status).toBe(200);
  });
});
