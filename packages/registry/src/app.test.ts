import { createHash, randomBytes } from 'node:crypto';
import { request as rawRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { UsageLogEntry, type User } from '@escale/schema/entities';
import { buildOrganization, buildPermission, buildRepository, buildUser } from '@escale/schema/testing';
import { Robot } from '@escale/schema/entities';
import { openTestRegistry, type Sent, type TestRegistry } from './testing/test-registry.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseServerUrl: string;
  }
}

let registry: TestRegistry;
let alice: User;
let writer: string;
let outsider: string;

const sha256 = (content: string | Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`;
const sha512 = (content: string | Buffer) => `sha512:${createHash('sha512').update(content).digest('hex')}`;
const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const send = (method: string, path: string, options?: Sent) => registry.send(method, path, options);
const codeOf = async (answer: Response) =>
  ((await answer.json()) as { errors: { code: string; message: string }[] }).errors[0]?.code;

beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'));
  const em = registry.database.orm.em.fork();
  alice = await buildUser(em, { name: 'alice' });
  await buildOrganization(em, { name: 'acme', owner: alice });
  writer = await registry.applicationToken(alice);
  outsider = await registry.applicationToken(await buildUser(em, { name: 'oscar' }));
});
afterAll(() => registry.close());

const begin = async (repository: string, as = writer, query = ''): Promise<string> => {
  const answer = await send('POST', `/v2/${repository}/blobs/uploads/${query}`, { as });
  expect(answer.status).toBe(202);
  return answer.headers.get('location') ?? '';
};
const pushBlob = async (repository: string, content: Buffer<ArrayBuffer> | string, as = writer): Promise<string> => {
  const digest = sha256(content);
  const answer = await send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, { as, body: content });
  expect(answer.status).toBe(201);
  return digest;
};
const imageOf = (config: string, layers: string[]) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: ociManifest,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: sha256(config), size: config.length },
    layers: layers.map((layer) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: sha256(layer),
      size: layer.length,
    })),
  });
const pushImage = async (repository: string, reference: string, layers = ['layer']): Promise<string> => {
  const manifest = imageOf('{}', layers);
  for (const blob of ['{}', ...layers]) await pushBlob(repository, blob);
  const answer = await send('PUT', `/v2/${repository}/manifests/${reference}`, {
    as: writer,
    headers: { 'Content-Type': ociManifest },
    body: manifest,
  });
  expect(answer.status).toBe(201);
  return manifest;
};

describe('signing in (end-1, token service)', () => {
  test('GET /v2/ without credentials answers 401 with a challenge', async () => {
    const answer = await send('GET', '/v2/');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer realm="${registry.url}/v2/auth",service="${new URL(registry.url).host}"`,
    );
    expect(await codeOf(answer)).toBe('UNAUTHORIZED');
  });

  test('an application token gets a registry token, with which /v2/ answers 200', async () => {
    const answer = await send('GET', '/v2/auth?service=x&scope=repository:acme/app:pull,push', { as: writer });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { token, expires_in } = (await answer.json()) as { token: string; expires_in: number };
    expect(expires_in).toBeGreaterThanOrEqual(60);
    expect((await send('GET', '/v2/', { as: `Bearer ${token}` })).status).toBe(200);
  });

  test('the same by a POSTed form, as containerd does it', async () => {
    const [username, password] = Buffer.from(writer.slice(6), 'base64').toString().split(':') as [string, string];
    const answer = await send('POST', '/v2/auth', {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: 'password', username, password, service: 'x' }).toString(),
    });
    expect(answer.status).toBe(200);
  });

  test.each([
    ['a person’s name and password', 'alice:secret', /do not work here/],
    ['a text that is no token', '$app:nonsense', /not an application token/],
    ['an application token with a typing error', '$app:esc_app_', /not an application token/],
    ['a robot that does not exist', 'acme+ghost:esc_rob_x', /not a robot token/],
  ])('%s is refused with a message that says what to do', async (_what, text, message) => {
    const answer = await send('GET', '/v2/auth?service=x', { as: `Basic ${Buffer.from(text).toString('base64')}` });
    expect(answer.status).toBe(401);
    expect(await answer.text()).toMatch(message);
  });

  test('asking for more than one may have is no error: the token simply holds less', async () => {
    const answer = await send('GET', '/v2/auth?scope=repository:acme/private:pull,push', { as: outsider });
    const { token } = (await answer.json()) as { token: string };
    const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { access: unknown[] };
    expect(payload.access).toEqual([]);
  });

  test.each([
    ['without a signature', 'eyJhbGciOiJub25lIn0.e30.'],
    ['garbage', 'garbage'],
    ['of another key', 'eyJhbGciOiJFUzI1NiIsImtpZCI6Ii4uLy4uIiwidHlwIjoicmVnaXN0cnkrand0In0.e30.AAAA'],
    ['with a key inside', `${Buffer.from('{"alg":"ES256","kid":"x","jwk":{}}').toString('base64url')}.e30.AAAA`],
  ])('a token %s is refused, also where anybody may read (T3)', async (_what, token) => {
    const answer = await send('GET', '/v2/', { as: `Bearer ${token}` });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });
});

describe('uploads (end-4, end-5, end-6, end-13, end-14)', () => {
  test('a blob in one POST', async () => {
    const digest = await pushBlob('acme/app', 'monolithic');
    const answer = await send('GET', `/v2/acme/app/blobs/${digest}`, { as: writer });
    expect(await answer.text()).toBe('monolithic');
  });

  test('a blob as docker sends it: POST, one PATCH without a range, PUT without a body', async () => {
    const content = randomBytes(2_500_000);
    const location = await begin('acme/app');
    const patch = await send('PATCH', location, { as: writer, body: content });
    expect([patch.status, patch.headers.get('range')]).toEqual([202, '0-2499999']);
    const put = await send('PUT', `${patch.headers.get('location') ?? ''}?digest=${sha256(content)}`, { as: writer });
    expect([put.status, put.headers.get('docker-content-digest')]).toEqual([201, sha256(content)]);
    const get = await send('GET', put.headers.get('location') ?? '', { as: writer });
    expect(Buffer.from(await get.arrayBuffer()).equals(content)).toBe(true);
  });

  test('PATCH with a gap answers 416 and the range we hold; the upload goes on from there (end-5)', async () => {
    const location = await begin('acme/app');
    const chunk = (range: string, body: string) =>
      send('PATCH', location, { as: writer, headers: { 'Content-Range': range }, body });
    expect((await chunk('0-3', 'abcd')).status).toBe(202);
    const gap = await chunk('8-9', 'ij');
    expect([gap.status, gap.headers.get('range'), gap.headers.get('location')]).toEqual([416, '0-3', location]);
    const repeated = await chunk('0-3', 'abcd');
    expect(repeated.status).toBe(416);
    const status = await send('GET', location, { as: writer });
    expect([status.status, status.headers.get('range')]).toEqual([204, '0-3']);
    expect((await chunk('4-9', 'efghij')).status).toBe(202);
    expect((await send('PUT', `${location}?digest=${sha256('abcdefghij')}`, { as: writer })).status).toBe(201);
  });

  test.each([
    ['bytes=0-5', 'malformed', 400, 'BLOB_UPLOAD_INVALID'],
    ['5-1', 'backwards', 400, 'BLOB_UPLOAD_INVALID'],
    ['0-99', 'of another length', 400, 'SIZE_INVALID'],
  ])('a Content-Range %s (%s) answers %i %s and changes nothing', async (range, _what, status, code) => {
    const location = await begin('acme/app');
    const answer = await send('PATCH', location, { as: writer, headers: { 'Content-Range': range }, body: 'abcd' });
    expect([answer.status, await codeOf(answer)]).toEqual([status, code]);
    expect((await send('GET', location, { as: writer })).headers.get('range')).toBe('0-0');
  });

  test('a wrong digest answers 400, and the upload is gone (R8)', async () => {
    const location = await begin('acme/app');
    const wrong = await send('PUT', `${location}?digest=${sha256('other')}`, { as: writer, body: 'content' });
    expect([wrong.status, await codeOf(wrong)]).toEqual([400, 'DIGEST_INVALID']);
    const again = await send('PUT', `${location}?digest=${sha256('content')}`, { as: writer, body: 'content' });
    expect([again.status, await codeOf(again)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
    expect((await send('HEAD', `/v2/acme/app/blobs/${sha256('other')}`, { as: writer })).status).toBe(404);
  });

  test.each(['', '?digest-algorithm=sha512'])(
    'a blob under its sha512 digest, begun with "%s" (end-4c)',
    async (query) => {
      const content = `sha512 ${query}`;
      const location = await begin('acme/app', writer, query);
      await send('PATCH', location, { as: writer, body: content });
      expect((await send('PUT', `${location}?digest=${sha512(content)}`, { as: writer })).status).toBe(201);
      expect(await (await send('GET', `/v2/acme/app/blobs/${sha512(content)}`, { as: writer })).text()).toBe(content);
    },
  );

  test('an empty blob', async () => {
    const digest = await pushBlob('acme/app', '');
    const answer = await send('GET', `/v2/acme/app/blobs/${digest}`, { as: writer });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  test('a cancelled upload is gone (end-14)', async () => {
    const location = await begin('acme/app');
    expect((await send('DELETE', location, { as: writer })).status).toBe(204);
    expect((await send('GET', location, { as: writer })).status).toBe(404);
  });

  test('an upload belongs to its repository and to who began it; for all others it does not exist (T6, R22)', async () => {
    const em = registry.database.orm.em.fork();
    const bob = await buildUser(em);
    const shared = await buildRepository(em, { path: 'shared' });
    await buildPermission(em, shared, bob, 'write');
    await buildPermission(em, shared, alice, 'write');
    const location = await begin(shared.name);
    const other = await registry.applicationToken(bob);
    const foreign = await send('PATCH', location, { as: other, body: 'x' });
    const random = await send('PATCH', location.replace(/[^/]+$/, '00000000-0000-4000-8000-000000000000'), {
      as: other,
      body: 'x',
    });
    const elsewhere = await send('PATCH', location.replace(shared.name, 'acme/app'), { as: writer, body: 'x' });
    const answers = await Promise.all([foreign, random, elsewhere].map(async (one) => [one.status, await one.text()]));
    expect(answers[0]?.[0]).toBe(404);
    expect(new Set(answers.map(String)).size).toBe(1);
  });

  test('of two requests to one upload, one writes and the other is told where it stands (D20)', async () => {
    const location = await begin('acme/app');
    const slow = (content: string) =>
      new ReadableStream({
        async start(controller) {
          controller.enqueue(Buffer.from(content));
          await sleep(300);
          controller.close();
        },
      });
    const answers = await Promise.all([
      send('PATCH', location, { as: writer, body: slow('aaaa') }),
      send('PATCH', location, { as: writer, body: slow('bbbb') }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 416]);
  });

  test('what arrived before a client went away is kept, and the upload goes on from there (D22)', async () => {
    const content = randomBytes(600_000);
    const location = await begin('acme/app');
    await new Promise<void>((resolve) => {
      const sending = rawRequest(new URL(location, registry.url), {
        method: 'PATCH',
        headers: { Authorization: writer, 'Content-Length': content.length },
      });
      sending.on('error', () => resolve());
      sending.write(content.subarray(0, 200_000), () => setTimeout(() => sending.destroy(), 200));
    });
    let held = 0;
    for (let tries = 0; tries < 50 && held === 0; tries += 1) {
      await sleep(100);
      const range = (await send('GET', location, { as: writer })).headers.get('range') ?? '';
      held = range === '0-0' ? 0 : Number(range.split('-')[1]) + 1;
    }
    expect(held).toBeGreaterThan(0);
    const rest = await send('PATCH', location, { as: writer, body: content.subarray(held) });
    expect(rest.status).toBe(202);
    expect((await send('PUT', `${location}?digest=${sha256(content)}`, { as: writer })).status).toBe(201);
  });
});

describe('blobs (end-2, end-10, end-11)', () => {
  test('HEAD tells size and digest; ranges are inclusive and clamped', async () => {
    const content = randomBytes(2048);
    const digest = await pushBlob('acme/ranges', content);
    const at = `/v2/acme/ranges/blobs/${digest}`;
    const head = await send('HEAD', at, { as: writer });
    expect([head.status, head.headers.get('content-length'), head.headers.get('accept-ranges')]).toEqual([
      200,
      '2048',
      'bytes',
    ]);
    const ranged = async (range: string) => {
      const answer = await send('GET', at, { as: writer, headers: { Range: range } });
      const body = Buffer.from(await answer.arrayBuffer());
      return [answer.status, answer.headers.get('content-range'), answer.status === 206 ? body.toString('hex') : ''];
    };
    const slice = (start: number, end: number) => [
      206,
      `bytes ${start}-${end}/2048`,
      content.subarray(start, end + 1).toString('hex'),
    ];
    expect(await ranged('bytes=500-1499')).toEqual(slice(500, 1499));
    expect(await ranged('bytes=500-')).toEqual(slice(500, 2047));
    expect(await ranged('bytes=-500')).toEqual(slice(1548, 2047));
    expect(await ranged('bytes=2000-5000')).toEqual(slice(2000, 2047));
    expect(await ranged('bytes=5000-10000')).toEqual([416, 'bytes */2048', '']);
    expect((await ranged('bytes=500-0'))[0]).toBe(416);
  });

  test('mounting links without sending; without a right on the source it is an ordinary upload (R20)', async () => {
    const digest = await pushBlob('acme/source', 'mount me');
    const mount = (as: string, into: string) =>
      send('POST', `/v2/${into}/blobs/uploads/?mount=${digest}&from=acme/source`, { as });
    const mounted = await mount(writer, 'acme/target');
    expect([mounted.status, mounted.headers.get('location')]).toEqual([201, `/v2/acme/target/blobs/${digest}`]);
    expect((await send('HEAD', `/v2/acme/target/blobs/${digest}`, { as: writer })).status).toBe(200);
    expect((await mount(outsider, 'oscar/own')).status).toBe(202);
    expect((await send('HEAD', `/v2/oscar/own/blobs/${digest}`, { as: outsider })).status).toBe(404);
  });

  test('a deleted blob is gone from this repository alone', async () => {
    const digest = await pushBlob('acme/one', 'in two places');
    await pushBlob('acme/two', 'in two places');
    expect((await send('DELETE', `/v2/acme/one/blobs/${digest}`, { as: writer })).status).toBe(202);
    expect((await send('HEAD', `/v2/acme/one/blobs/${digest}`, { as: writer })).status).toBe(404);
    expect((await send('HEAD', `/v2/acme/two/blobs/${digest}`, { as: writer })).status).toBe(200);
  });
});

describe('manifests and tags (end-3, end-7, end-8, end-9, end-12)', () => {
  test('a manifest comes back byte for byte, by tag and by digest, under its own type', async () => {
    const manifest = await pushImage('acme/app', '1');
    for (const reference of ['1', sha256(manifest)]) {
      const get = await send('GET', `/v2/acme/app/manifests/${reference}`, { as: writer });
      expect([
        get.status,
        await get.text(),
        get.headers.get('content-type'),
        get.headers.get('docker-content-digest'),
      ]).toEqual([200, manifest, ociManifest, sha256(manifest)]);
      const head = await send('HEAD', `/v2/acme/app/manifests/${reference}`, { as: writer });
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(manifest.length)]);
    }
  });

  test('a manifest may only list blobs of its own repository (T9, R19)', async () => {
    await pushBlob('acme/hidden', 'hidden layer');
    const manifest = imageOf('{}', ['hidden layer']);
    await pushBlob('acme/thief', '{}');
    const put = (body: string) =>
      send('PUT', '/v2/acme/thief/manifests/1', { as: writer, headers: { 'Content-Type': ociManifest }, body });
    const elsewhere = await put(manifest);
    expect([elsewhere.status, await codeOf(elsewhere)]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
    expect((await send('HEAD', `/v2/acme/thief/manifests/${sha256(manifest)}`, { as: writer })).status).toBe(404);
  });

  test.each([
    ['broken JSON', '{"schemaVersion": 2', 400, 'MANIFEST_INVALID'],
    ['an array', '[]', 400, 'MANIFEST_INVALID'],
    ['nothing', '', 400, 'MANIFEST_INVALID'],
    ['a key twice', '{"schemaVersion":2,"schemaVersion":2}', 400, 'MANIFEST_INVALID'],
    ['a look-alike key', `{"schemaVersion":2,"Layers":[],"mediaType":"${ociManifest}"}`, 400, 'MANIFEST_INVALID'],
    ['2,000,000 brackets', '['.repeat(2_000_000), 400, 'MANIFEST_INVALID'],
    [
      'another type than its header says',
      '{"schemaVersion":2,"mediaType":"application/json"}',
      400,
      'MANIFEST_INVALID',
    ],
    ['5 MiB', ' '.repeat(5 * 1024 * 1024), 413, 'MANIFEST_INVALID'],
  ])('a manifest of %s is refused and leaves nothing', async (_what, body, status, code) => {
    const answer = await send('PUT', '/v2/acme/app/manifests/bad', {
      as: writer,
      headers: { 'Content-Type': ociManifest },
      body,
    });
    expect([answer.status, await codeOf(answer)]).toEqual([status, code]);
    expect((await send('HEAD', '/v2/acme/app/manifests/bad', { as: writer })).status).toBe(404);
  });

  test('an unknown media type is refused (R12)', async () => {
    const answer = await send('PUT', '/v2/acme/app/manifests/x', {
      as: writer,
      headers: { 'Content-Type': 'application/x-unknown' },
      body: '{"schemaVersion":2}',
    });
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'MANIFEST_INVALID']);
  });

  test('a manifest pushed under a digest that is not its own is refused (R9)', async () => {
    const answer = await send('PUT', `/v2/acme/app/manifests/${sha256('x')}`, {
      as: writer,
      headers: { 'Content-Type': ociManifest },
      body: imageOf('{}', []),
    });
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'DIGEST_INVALID']);
  });

  test('tags are listed in byte order and paged by n and last', async () => {
    for (const tag of ['b', 'a', 'C', 'a.b', 'a-b']) await pushImage('acme/tags', tag);
    const pages: string[][] = [];
    let next: string | undefined = '/v2/acme/tags/tags/list?n=2';
    while (next !== undefined) {
      const answer: Response = await send('GET', next, { as: writer });
      pages.push(((await answer.json()) as { tags: string[] }).tags);
      next = /<([^>]+)>/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    expect(pages).toEqual([['C', 'a'], ['a-b', 'a.b'], ['b']]);
    expect(await (await send('GET', '/v2/acme/tags/tags/list?n=0', { as: writer })).json()).toEqual({
      name: 'acme/tags',
      tags: [],
    });
    const bad = await send('GET', '/v2/acme/tags/tags/list?n=-1', { as: writer });
    expect([bad.status, await codeOf(bad)]).toEqual([400, 'UNSUPPORTED']);
  });

  test('deleting a tag leaves the manifest; deleting the manifest takes its tags (end-9)', async () => {
    const manifest = await pushImage('acme/delete', 'one');
    await pushImage('acme/delete', 'two');
    const at = (reference: string) => `/v2/acme/delete/manifests/${reference}`;
    expect((await send('DELETE', at('one'), { as: writer })).status).toBe(202);
    expect((await send('HEAD', at('one'), { as: writer })).status).toBe(404);
    expect((await send('HEAD', at('two'), { as: writer })).status).toBe(200);
    expect((await send('DELETE', at(sha256(manifest)), { as: writer })).status).toBe(202);
    expect((await send('HEAD', at('two'), { as: writer })).status).toBe(404);
    expect((await send('DELETE', at('two'), { as: writer })).status).toBe(404);
  });

  test('a referrer is listed under its subject, filtered by type; an unknown subject has none (end-12)', async () => {
    const subject = sha256(await pushImage('acme/signed', '1'));
    const signature = JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      artifactType: 'application/vnd.example.signature',
      config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: sha256('{}'), size: 2 },
      layers: [],
      subject: { mediaType: ociManifest, digest: subject, size: 1 },
      annotations: { who: 'me' },
    });
    const put = await send('PUT', `/v2/acme/signed/manifests/${sha256(signature)}`, {
      as: writer,
      headers: { 'Content-Type': ociManifest },
      body: signature,
    });
    expect([put.status, put.headers.get('oci-subject')]).toEqual([201, subject]);
    const list = async (digest: string, type = '') => {
      const answer = await send('GET', `/v2/acme/signed/referrers/${digest}${type && `?artifactType=${type}`}`, {
        as: writer,
      });
      return ((await answer.json()) as { manifests: { digest: string; annotations?: object }[] }).manifests;
    };
    expect(await list(subject)).toMatchObject([{ digest: sha256(signature), annotations: { who: 'me' } }]);
    expect(await list(subject, 'application/vnd.example.signature')).toHaveLength(1);
    expect(await list(subject, 'application/other')).toEqual([]);
    expect(await list(sha256('unknown'))).toEqual([]);
  });
});

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
    ['PATCH', '/v2/acme/app/manifests/1', 405, 'UNSUPPORTED'],
    ['PROPFIND', '/v2/', 405, 'UNSUPPORTED'],
    ['PUT', '/v2/acme/app/blobs/uploads/00000000-0000-4000-8000-000000000000', 400, 'DIGEST_INVALID'],
  ])('%s %s answers %i %s', async (method, path, status, code) => {
    const answer = await send(method, path, { as: writer });
    expect([answer.status, await codeOf(answer)]).toEqual([status, code]);
  });

  test.each(['/v2/../../etc/manifests/x', '/v2//app/manifests/1', '/v2/acme/%2e%2e/manifests/1'])(
    '%s on the wire is refused, never redirected',
    async (path) => {
      const status = await new Promise<number>((resolve, reject) => {
        const { hostname, port } = new URL(registry.url);
        const sending = rawRequest({ hostname, port, path, headers: { Authorization: writer } }, (answer) => {
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
    await pushImage(`acme/${name}`, '__proto__');
    expect((await send('HEAD', `/v2/acme/${name}/manifests/__proto__`, { as: writer })).status).toBe(200);
  });
});

describe('rights (reliability §1.3)', () => {
  test('private and missing look the same to those who may not see', async () => {
    await pushImage('acme/secret', '1');
    const both = async (as: string | undefined, method: string, path: string) => {
      const texts: string[] = [];
      for (const name of ['acme/secret', 'acme/absent']) {
        const answer = await send(method, `/v2/${name}/${path}`, as === undefined ? {} : { as });
        const challenge = answer.headers.get('www-authenticate') ?? '';
        texts.push(`${answer.status} ${challenge} ${await answer.text()}`.replaceAll(name, 'NAME'));
      }
      expect(texts[0]).toBe(texts[1]);
      return Number(texts[0]?.slice(0, 3));
    };
    expect(await both(undefined, 'GET', 'manifests/1')).toBe(401);
    expect(await both(outsider, 'GET', 'manifests/1')).toBe(404);
    expect(await both(outsider, 'GET', 'tags/list')).toBe(404);
    expect(await both(outsider, 'POST', 'blobs/uploads/')).toBe(403);
    expect(await both(undefined, 'POST', 'blobs/uploads/')).toBe(401);
  });

  test('a first push makes a private repository whose maker administers it, and says so in the usage log', async () => {
    await pushImage('acme/brand-new', '1');
    expect((await send('GET', '/v2/acme/brand-new/manifests/1')).status).toBe(401);
    const em = registry.database.orm.em.fork();
    const kinds = (await em.find(UsageLogEntry, { repository: 'acme/brand-new' }, { orderBy: { id: 'asc' } })).map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(['repository.created', 'repository.pushed']);
  });

  test('a right that is missing is named, with who could grant it, to those who may see the repository', async () => {
    await pushImage('acme/readable', '1');
    const login = await registry.robotToken(alice, 'acme', 'reader');
    const em = registry.database.orm.em.fork();
    const robot = await em.findOneOrFail(Robot, { name: 'reader' });
    const { Repository } = await import('@escale/schema/entities');
    await buildPermission(em, await em.findOneOrFail(Repository, { name: 'acme/readable' as never }), robot, 'read');
    expect((await send('GET', '/v2/acme/readable/manifests/1', { as: login })).status).toBe(200);
    const push = await send('POST', '/v2/acme/readable/blobs/uploads/', { as: login });
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

  test('a registry token ends with the credential behind it, at once', async () => {
    const credential = await registry.applicationToken(alice);
    const answer = await send('GET', '/v2/auth?scope=repository:acme/app:pull', { as: credential });
    const { token } = (await answer.json()) as { token: string };
    const ping = () => send('GET', '/v2/', { as: `Bearer ${token}` });
    expect((await ping()).status).toBe(200);
    await registry.database.orm.em.getConnection().execute('delete from application_tokens');
    expect((await ping()).status).toBe(401);
    writer = await registry.applicationToken(alice);
    outsider = await registry.applicationToken(await buildUser(registry.database.orm.em.fork()));
  });

  test('a token for one repository does nothing on another, and the challenge says what is missing', async () => {
    await pushImage('acme/app', '1');
    await pushImage('acme/other', '1');
    const answer = await send('GET', '/v2/auth?scope=repository:acme/app:pull', { as: writer });
    const { token } = (await answer.json()) as { token: string };
    const other = await send('GET', '/v2/acme/other/manifests/1', { as: `Bearer ${token}` });
    expect(other.status).toBe(401);
    expect(other.headers.get('www-authenticate')).toContain('scope="repository:acme/other:pull"');
    expect((await send('GET', '/v2/acme/app/manifests/1', { as: `Bearer ${token}` })).status).toBe(200);
  });
});
