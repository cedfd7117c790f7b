import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { codeOf, openAcme, type AcmeScene } from '../testing/acme-scene.ts';
import { digestOf } from '../testing/registry-client.ts';

/** Names that nobody can push to, and how their pusher learns where to push. */
let acme: AcmeScene;
let robot: string;
let host: string;
const digest = digestOf('x');
beforeAll(async () => {
  acme = await openAcme(inject('databaseServerUrl'));
  robot = await acme.registry.robotToken(acme.alice, 'acme', 'ci');
  host = new URL(acme.registry.url).host;
});
afterAll(() => acme.close());

const refusal = async (method: string, path: string, as: string | undefined) => {
  const answer = await acme.send(method, path, as === undefined ? {} : { as });
  const text = await answer.text();
  const [error] = text.startsWith('{')
    ? (JSON.parse(text) as { errors: { code: string; message: string }[] }).errors
    : [];
  return { status: answer.status, code: error?.code, message: error?.message ?? '', headers: answer.headers };
};

describe('a well-formed name without a namespace', () => {
  const reads = [
    ...['manifests/latest', `manifests/${digest}`, `blobs/${digest}`, 'tags/list', `referrers/${digest}`].map(
      (path) => ['GET', path] as const,
    ),
    ['GET', 'blobs/uploads/00000000-0000-7000-8000-000000000000'],
    ['PATCH', 'blobs/uploads/00000000-0000-7000-8000-000000000000'],
    ['PUT', `blobs/uploads/00000000-0000-7000-8000-000000000000?digest=${digest}`],
    ['DELETE', 'blobs/uploads/00000000-0000-7000-8000-000000000000'],
    ['DELETE', 'manifests/latest'],
    ['DELETE', `blobs/${digest}`],
  ] as const;
  const writes = [
    ['POST', 'blobs/uploads/'],
    ['POST', `blobs/uploads/?digest=${digest}`],
    ['POST', `blobs/uploads/?mount=${digest}&from=acme/app`],
    ['PUT', 'manifests/latest'],
    ['PUT', `manifests/${digest}`],
  ] as const;

  test.each(reads)('%s %s is not found, and says that names have a namespace', async (method, path) => {
    for (const name of ['app', 'my-app_1.0', 'library', 'a'.repeat(255)]) {
      const { status, code, message } = await refusal(method, `/v2/${name}/${path}`, acme.writer);
      expect([status, code]).toEqual([404, 'NAME_UNKNOWN']);
      expect(message).toContain(`${host}/alice/${name}`);
    }
  });

  test.each(writes)('%s %s is denied with the place to push to', async (method, path) => {
    const { status, code, message } = await refusal(method, `/v2/app/${path}`, acme.writer);
    expect([status, code]).toEqual([403, 'DENIED']);
    expect(message).toContain(`push to ${host}/alice/app`);
    expect((await refusal(method, `/v2/app/${path}`, robot)).message).toContain(`push to ${host}/acme/app`);
  });

  test('the same with a token that was asked for it', async () => {
    const asked = await acme.send('GET', '/v2/auth?scope=repository:app:pull,push', { as: acme.writer });
    const { token } = (await asked.json()) as { token: string };
    const { status, code, message } = await refusal('POST', '/v2/app/blobs/uploads/', `Bearer ${token}`);
    expect([status, code]).toEqual([403, 'DENIED']);
    expect(message).toContain(`push to ${host}/alice/app`);
  });

  test('HEAD has no body, so the reason is in a header that clients print', async () => {
    const { status, headers } = await refusal('HEAD', '/v2/app/manifests/latest', acme.writer);
    expect([status, headers.get('warning')]).toEqual([404, expect.stringContaining(`${host}/alice/app`)]);
  });

  test('without credentials: 404 where one reads, 401 with a challenge where one pushes', async () => {
    const read = await refusal('GET', '/v2/app/manifests/latest', undefined);
    expect([read.status, read.code]).toEqual([404, 'NAME_UNKNOWN']);
    expect(read.message).toContain(`${host}/<namespace>/app`);
    const push = await refusal('POST', '/v2/app/blobs/uploads/', undefined);
    expect([push.status, push.code]).toEqual([401, 'UNAUTHORIZED']);
    expect(push.headers.get('www-authenticate')).toMatch(/^Bearer realm=/);
  });

  test('bad credentials are refused as everywhere', async () => {
    const bad = `Basic ${Buffer.from('$app:nonsense').toString('base64')}`;
    for (const method of ['GET', 'PUT'])
      expect((await refusal(method, '/v2/app/manifests/latest', bad)).status).toBe(401);
  });

  test.each(['App', 'a..b', '-a', 'a_', 'a'.repeat(256)])('%s is still no name', async (name) => {
    expect(await refusal('GET', `/v2/${name}/manifests/1`, acme.writer)).toMatchObject({
      status: 400,
      code: 'NAME_INVALID',
    });
  });
});

describe('a push to a namespace that does not exist', () => {
  const push = (name: string, as: string) => refusal('POST', `/v2/${name}/blobs/uploads/`, as);

  test('says so, and where the organization can be created', async () => {
    for (const as of [acme.writer, acme.outsider, robot]) {
      const { status, code, message } = await push('nosuch/app', as);
      expect([status, code, message]).toEqual([
        403,
        'DENIED',
        `there is no organization nosuch; create it at ${acme.registry.url}/new/organization`,
      ]);
    }
    expect((await refusal('PUT', '/v2/nosuch/app/manifests/1', acme.writer)).message).toContain(
      'no organization nosuch',
    );
    const mount = `/v2/nosuch/app/blobs/uploads/?mount=${digest}`;
    expect((await refusal('POST', mount, acme.writer)).message).toContain('no organization nosuch');
  });

  test('names an administrator where only those create organizations', async () => {
    const execute = (sql: string) => acme.registry.database.orm.em.getConnection().execute(sql);
    await execute(
      `insert into registry_settings select (jsonb_populate_record(null::registry_settings, '{
         "id": "registry", "organization_creation": "administrators", "time_machine_choices": [0], "time_machine_seconds": 0,
         "changed_at": "2026-01-01T00:00:00Z"}'::jsonb)).*`,
    );
    expect((await push('nosuch/app', acme.writer)).message).toContain('an administrator can create it at');
    await execute('delete from registry_settings');
  });

  test.each(['library/app', '_x/app', 'a/app', 'my__org/app'])(
    '%s: nobody can create one of that name',
    async (name) => {
      const { status, message } = await push(name, acme.writer);
      expect([status, status === 403 ? message : '']).toEqual(
        name.startsWith('_') ? [400, ''] : [403, expect.stringContaining('none can have this name') as string],
      );
    },
  );

  test('an organization that exists is refused as before, whether the repository exists or not', async () => {
    await acme.pushImage('acme/secret', '1');
    const texts = await Promise.all(
      ['acme/secret', 'acme/absent'].map(async (name) =>
        (await push(name, acme.outsider)).message.replaceAll(name, 'NAME'),
      ),
    );
    expect(texts[0]).toBe(texts[1]);
    expect(texts[0]).toContain('creating one in acme needs');
  });

  test('one that was deleted has its name still, and is not told from others', async () => {
    await acme.registry.database.orm.em.getConnection()
      .execute(`insert into namespaces select (jsonb_populate_record(n, '{"id": "0199f3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
        "name": "gone", "deleted_at": "2026-01-01T00:00:00Z"}'::jsonb)).* from namespaces n where name = 'acme'`);
    expect((await push('gone/app', acme.outsider)).message).toContain('creating one in gone needs');
  });
});

describe('requests that lack a part of their address', () => {
  test('a manifest without a reference', async () => {
    for (const path of ['/v2/acme/app/manifests/', '/v2/acme/app/manifests']) {
      const put = await refusal('PUT', path, acme.writer);
      expect([put.status, put.code]).toEqual([400, 'MANIFEST_INVALID']);
      expect(put.message).toContain('PUT /v2/acme/app/manifests/<reference>');
      expect(await refusal('GET', path, acme.writer)).toMatchObject({ status: 404, code: 'MANIFEST_UNKNOWN' });
    }
  });

  test('a new upload without the slash at its end', async () => {
    for (const query of ['', `?digest=${digest}`, `?mount=${digest}`]) {
      const { status, code, message } = await refusal('POST', `/v2/acme/app/blobs/uploads${query}`, acme.writer);
      expect([status, code]).toEqual([400, 'BLOB_UPLOAD_INVALID']);
      expect(message).toContain('POST /v2/acme/app/blobs/uploads/');
    }
  });

  test('a blob or referrers without a digest', async () => {
    for (const path of ['blobs/', 'blobs', 'referrers/', 'referrers'])
      expect(await refusal('GET', `/v2/acme/app/${path}`, acme.writer)).toMatchObject({
        status: 400,
        code: 'DIGEST_INVALID',
      });
  });
});

test('a refusal that is not routine is told to HEAD in a header, and a routine one is not', async () => {
  await acme.pushImage('acme/app', '1');
  const warning = async (path: string, as: string | undefined) =>
    (await refusal('HEAD', path, as)).headers.get('warning');
  expect(await warning('/v2/Acme/App/manifests/1', acme.writer)).toContain('not a valid name');
  expect(await warning('/v2/acme/app/blobs/sha256:short', acme.writer)).toContain('a digest is');
  expect(await warning(`/v2/acme/app/blobs/${digest}`, acme.writer)).toBeNull();
  expect(await warning('/v2/acme/absent/manifests/1', acme.writer)).toBeNull();
  expect(await warning('/v2/acme/app/manifests/1', undefined)).toBeNull();
  expect(await codeOf(await acme.send('GET', '/v2/Acme/App/manifests/1', { as: acme.writer }))).toBe('NAME_INVALID');
});
