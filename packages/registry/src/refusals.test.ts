import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { rawRequest } from './testing/raw-request.ts';
import { answered, openRefusalScene, type RefusalScene } from './testing/refusal-scene.ts';
import { clientOf, digestOf, imageOf, ociManifest } from './testing/registry-client.ts';

/** What must be refused, exactly so, leaving nothing behind (docs/guarantees.md, R1 to R25). */
let scene: RefusalScene;
beforeAll(async () => {
  scene = await openRefusalScene(inject('databaseServerUrl'));
});
afterAll(() => scene.close());
beforeEach(() => scene.count());
afterEach(() => scene.expectNothingNew());

describe('names', () => {
  test.each([
    ...['/v2/../../etc/manifests/x', '/v2/org/%2e%2e/a/manifests/x', '/v2/org%2fa/manifests/x', '/v2//a/manifests/x'],
    ...['/v2/./org/a/manifests/x', '/v2/org/a/../b/manifests/x', '/v2/org/%252e%252e/manifests/x'],
  ])('R1 %s is refused, never redirected', async (path) => {
    expect(answered(await scene.wire('GET', path))).toEqual([400, 'NAME_INVALID']);
  });

  test.each([
    ...['Org/A', 'org/a_', 'org/-a', 'org/a..b', 'org/a%20', 'org/a%00', 'org/a%zz', 'org/%F0%9F%98%80'],
    ...['org/', '/org', 'Org', 'org/a/', 'org/a+b', 'org\\a', 'org/a___b'],
  ])('R2 %s is no name', async (name) => {
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect(answered(await scene.wire(method, `/v2/${name}/manifests/1`))).toEqual([400, 'NAME_INVALID']);
    expect(answered(await scene.wire('POST', `/v2/${name}/blobs/uploads/`))).toEqual([400, 'NAME_INVALID']);
  });

  test.each([Buffer.from('😀').toString('latin1'), ' ', '\0', '\t'])(
    'R2 bytes that stand in no request line: 400 before anybody reads a name (%j)',
    async (bytes) => {
      expect((await scene.wire('GET', `/v2/org/a${bytes}/manifests/1`)).status).toBe(400);
    },
  );

  test.each([
    ['of 256 characters', `org/${'a'.repeat(252)}`],
    ['of 200 parts', Array(200).fill('ab').join('/')],
  ])('R3 a name %s is too long', async (_what, name) => {
    expect(answered(await scene.wire('GET', `/v2/${name}/tags/list`))).toEqual([400, 'NAME_INVALID']);
  });

  test('R4 a request line beyond 16 KiB answers 431', async () => {
    expect((await scene.wire('GET', `/v2/org/a/tags/list?last=${'x'.repeat(16 * 1024)}`)).status).toBe(431);
  });

  test.each(['t'.repeat(129), '.a', '-a', 'a:b', '%0a', 'a%0a', 'a%20b'])('R5 %s is no tag', async (tag) => {
    expect(answered(await scene.wire('PUT', `/v2/org/a/manifests/${tag}`))).toEqual([400, 'MANIFEST_INVALID']);
    expect(answered(await scene.wire('GET', `/v2/org/a/manifests/${tag}`))).toEqual([404, 'MANIFEST_UNKNOWN']);
    expect((await scene.wire('DELETE', `/v2/org/a/manifests/${tag}`)).status).toBe(404);
  });
});

describe('digests', () => {
  const hex = 'a'.repeat(64);
  test.each([
    ...[`sha256:${hex.toUpperCase()}`, `sha256:${hex.slice(1)}`, `sha256:${hex}a`, `sha256:${'x'.repeat(64)}`].map(
      (digest) => ['R6', digest] as const,
    ),
    ...[`sha256:sha256:${hex}`, 'sha256:', `:${hex}`, `sha512:${hex}`].map((digest) => ['R6', digest] as const),
    ...[`md5:${hex.slice(32)}`, `sha1:${hex.slice(24)}`, `sha384:${hex}${hex.slice(32)}`, `SHA256:${hex}`].map(
      (digest) => ['R7', digest] as const,
    ),
    ...[`sha256+b64:${hex}`, `blake3:${hex}`].map((digest) => ['R7', digest] as const),
  ])('%s %s is no digest', async (_id, digest) => {
    const encoded = encodeURIComponent(digest);
    for (const [method, path] of [
      ['GET', `blobs/${digest}`],
      ['HEAD', `blobs/${digest}`],
      ['DELETE', `blobs/${digest}`],
      ['GET', `referrers/${digest}`],
      ['POST', `blobs/uploads/?digest=${encoded}`],
    ] as const) {
      const answer = await scene.writer.send(method, `/v2/org/a/${path}`);
      expect([method, path, ...answered(answer)]).toEqual([
        method,
        path,
        400,
        method === 'HEAD' ? undefined : 'DIGEST_INVALID',
      ]);
    }
  });

  test('R8 an upload closed with a digest that is not its content’s is gone', async () => {
    const location = await scene.begin();
    const wrong = await scene.writer.send('PUT', `${location}?digest=${digestOf('other')}`, { body: 'content' });
    expect(answered(wrong)).toEqual([400, 'DIGEST_INVALID']);
    const retried = await scene.writer.send('PUT', `${location}?digest=${digestOf('content')}`, { body: 'content' });
    expect(answered(retried)).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
    const atOnce = await scene.writer.send('POST', `/v2/org/a/blobs/uploads/?digest=${digestOf('other')}`, {
      body: 'content',
    });
    expect(answered(atOnce)).toEqual([400, 'DIGEST_INVALID']);
  });

  test.each([digestOf('other'), digestOf('other', 'sha512'), 'sha256:baddigeststring'])(
    'R9 a manifest under %s, which is not its digest',
    async (digest) => {
      expect(answered(await scene.putManifest(imageOf([]), ociManifest, digest))).toEqual([400, 'DIGEST_INVALID']);
    },
  );
});

describe('lists', () => {
  test.each(['/v2/org/a/tags/list', '/v2/_catalog'])('R24 of %s, n is a number of entries', async (path) => {
    for (const n of ['-1', 'abc', '1.5', '0x10', '1e9', '%20', '+'])
      expect([n, ...answered(await scene.writer.send('GET', `${path}?n=${n}`))]).toEqual([n, 400, 'UNSUPPORTED']);
    const none = await scene.writer.send('GET', `${path}?n=0`);
    expect([none.status, none.headers.get('link')]).toEqual([200, null]);
    expect(none.text).toContain('[]');
    expect((await scene.writer.send('GET', `${path}?n=1000000000`)).status).toBe(200);
    expect((await scene.writer.send('GET', `${path}?last=${encodeURIComponent('.not a tag\0')}`)).status).toBe(200);
  });

  test('R24 no page has more than 1,000 tags, however many are asked for', async () => {
    await scene.registry.database.orm.em.getConnection().execute(
      `insert into tags (id, repository_id, name, manifest_id, pushed_by, started_at)
         select gen_random_uuid(), t.repository_id, 'many-' || n, t.manifest_id, 'test', now()
           from tags t join repositories r on r.id = t.repository_id and r.name = 'org/b', generate_series(1, 1001) n`,
    );
    await scene.count();
    const answer = await scene.writer.send('GET', '/v2/org/b/tags/list?n=1000000000');
    expect((JSON.parse(answer.text) as { tags: string[] }).tags).toHaveLength(1000);
    expect(answer.headers.get('link')).toMatch(/^<\/v2\/org\/b\/tags\/list\?n=1000&last=[^>]+>; rel="next"$/);
  });
});

describe('callers and requests', () => {
  const sendRaw = async (...lines: string[]) => {
    const { status, closed, body } = await rawRequest(scene.registry.url, `${lines.join('\r\n')}\r\n\r\n`);
    return { status, closed, code: /"code":"(\w+)"/.exec(body)?.[1] };
  };

  test('R25 a password of 10 kB', async () => {
    const client = clientOf(scene.registry, `Basic ${Buffer.from(`$app:${'x'.repeat(10_000)}`).toString('base64')}`);
    for (const path of ['/v2/', '/v2/auth', '/v2/org/a/tags/list'])
      expect(answered(await client.send('GET', path))).toEqual([401, 'UNAUTHORIZED']);
  });

  test.each(['repository:*:*', 'registry:catalog:*', 'nonsense', 'repository:org/a:', '::', 'registry:x:*'])(
    'R25 the scope %s is worth nothing',
    async (scope) => {
      const { status, text } = await scene.colleague.send('GET', `/v2/auth?scope=${encodeURIComponent(scope)}`);
      const [, claims = ''] = (JSON.parse(text) as { token: string }).token.split('.');
      const { access } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { access: { type: string }[] };
      expect([status, access.filter(({ type }) => type === 'repository')]).toEqual([200, []]);
    },
  );

  test('R25 more than 50 scopes', async () => {
    const scopes = Array.from({ length: 51 }, (_, n) => `scope=repository:org/r${String(n)}:pull`).join('&');
    expect((await scene.writer.send('GET', `/v2/auth?${scopes}`)).status).toBe(400);
  });

  test.each([
    ['two lengths', ['PUT /v2/org/a/manifests/1 HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Content-Length: 2']],
    [
      'a length and chunks',
      ['PUT /v2/org/a/manifests/1 HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Transfer-Encoding: chunked'],
    ],
    ['two hosts', ['GET /v2/ HTTP/1.1', 'Host: x', 'Host: y']],
    ['no host', ['GET /v2/ HTTP/1.1']],
    ['a whole address', ['GET http://elsewhere/v2/ HTTP/1.1', 'Host: x']],
  ])('R25 %s: 400, and the connection is closed', async (_what, lines) => {
    const { status, closed } = await sendRaw(...lines);
    expect([status, closed]).toEqual([400, true]);
  });

  test.each(['TRACE', 'PROPFIND', 'PURGE'])('R25 %s is not supported', async (method) => {
    for (const path of [
      '/v2/',
      '/v2/_catalog',
      '/v2/org/a/tags/list',
      '/v2/org/a/manifests/1',
      '/v2/org/a/blobs/uploads/',
    ])
      expect([path, ...answered(await scene.wire(method, path))]).toEqual([path, 405, 'UNSUPPORTED']);
  });

  test('R25 CONNECT is not supported', async () => {
    const { status, closed, code } = await sendRaw('CONNECT elsewhere:443 HTTP/1.1', 'Host: elsewhere:443');
    expect([status, code, closed]).toEqual([405, 'UNSUPPORTED', true]);
  });
});

describe('names that are special elsewhere are names like any other', () => {
  // These leave what they should leave.
  afterEach(async () => {
    await scene.count();
  });
  test.each(['constructor', 'tostring', 'valueof'])('org/%s', async (name) => {
    for (const tag of ['__proto__', 'hasOwnProperty', 'constructor']) {
      const manifest = await scene.writer.pushImage(`org/${name}`, tag);
      expect((await scene.writer.send('GET', `/v2/org/${name}/manifests/${tag}`)).text).toBe(manifest);
    }
    const list = JSON.parse((await scene.writer.send('GET', `/v2/org/${name}/tags/list`)).text) as object;
    expect(list).toEqual({ name: `org/${name}`, tags: ['__proto__', 'constructor', 'hasOwnProperty'] });
    await scene.count();
  });

  test('keys of annotations', async () => {
    const annotations = JSON.parse('{"__proto__":"a","constructor":"b","hasOwnProperty":"c"}') as object;
    const manifest = await scene.writer.pushImage('org/keys', '1', ['layer'], { annotations });
    expect((await scene.writer.send('GET', '/v2/org/keys/manifests/1')).text).toBe(manifest);
    await scene.count();
  });
});
