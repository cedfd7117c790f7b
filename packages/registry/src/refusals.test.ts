import { readdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { buildOrganization, buildPermission, buildRepository, buildUser } from '@escale/schema/testing';
import { rawRequest } from './testing/raw-request.ts';
import {
  clientOf,
  descriptorOf,
  digestOf,
  imageOf,
  indexOf,
  ociIndex,
  ociManifest,
  type RegistryClient,
  type Seen,
} from './testing/registry-client.ts';
import { openTestRegistry, type TestRegistry } from './testing/test-registry.ts';

/** Everything that must be refused, exactly so, leaving nothing behind (reliability §6.1, R1 to R25). */
let registry: TestRegistry;
let writer: RegistryClient;
let colleague: RegistryClient;
let basic: string;
let before: Record<string, number>;

beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'));
  const em = registry.database.orm.em.fork();
  const [owner, other] = [await buildUser(em), await buildUser(em)];
  const organization = await buildOrganization(em, { name: 'org', owner });
  const shared = await buildRepository(em, { namespace: organization.namespace, path: 'shared' });
  await buildPermission(em, shared, other, 'write');
  basic = await registry.applicationToken(owner);
  writer = clientOf(registry, basic);
  colleague = clientOf(registry, await registry.applicationToken(other));
  for (const repository of ['org/a', 'org/b']) await writer.pushImage(repository, 'base');
  await writer.pushBlob('org/b', 'hidden');
});
afterAll(() => registry.close());

/** Sessions, rows and objects. */
async function counted(): Promise<Record<string, number>> {
  const tables = [
    'upload_sessions',
    'manifests',
    'tags',
    'blobs',
    'repository_blobs',
    'repositories',
    // Not of pulls: those are written a second later, while the next test runs.
    `usage_log_entries where kind <> 'repository.pulled'`,
  ];
  const [row] = await registry.database.orm.em
    .getConnection()
    .execute<Record<string, string>[]>(
      `select ${tables.map((table) => `(select count(*) from ${table}) as ${table.split(' ')[0] ?? ''}`).join(', ')}`,
    );
  const files = await readdir(registry.folder, { recursive: true, withFileTypes: true });
  const counts = Object.entries(row ?? {}).map(([name, count]) => [name, Number(count)] as const);
  return { ...Object.fromEntries(counts), files: files.filter((file) => file.isFile()).length };
}
beforeEach(async () => {
  before = await counted();
});
afterEach(async () => {
  expect(await counted()).toEqual(before);
});

const answered = ({ status, code }: Pick<Seen, 'status' | 'code'>) => [status, code];
/** A request as it is written on the wire; the path goes as it is. */
async function wire(method: string, path: string, headers: readonly string[] = []) {
  const head = [
    `${method} ${path} HTTP/1.1`,
    'Host: registry',
    `Authorization: ${basic}`,
    'Connection: close',
    ...headers,
  ];
  const { status, body } = await rawRequest(registry.url, `${head.join('\r\n')}\r\n\r\n`);
  return { status, code: /"code":"(\w+)"/.exec(body)?.[1] };
}
const putManifest = (body: string | Buffer<ArrayBuffer>, contentType = ociManifest, reference = 'bad') =>
  writer.send('PUT', `/v2/org/a/manifests/${reference}`, { headers: { 'Content-Type': contentType }, body });
const begin = async (client = writer, repository = 'org/a') =>
  (await client.send('POST', `/v2/${repository}/blobs/uploads/`)).headers.get('location') ?? '';

describe('names', () => {
  test.each([
    ...['/v2/../../etc/manifests/x', '/v2/org/%2e%2e/a/manifests/x', '/v2/org%2fa/manifests/x', '/v2//a/manifests/x'],
    ...['/v2/./org/a/manifests/x', '/v2/org/a/../b/manifests/x', '/v2/org/%252e%252e/manifests/x'],
  ])('R1 %s is refused, never redirected', async (path) => {
    expect(answered(await wire('GET', path))).toEqual([400, 'NAME_INVALID']);
  });

  test.each([
    ...['Org/A', 'org/a_', 'org/-a', 'org/a..b', 'org/a%20', 'org/a%00', 'org/a%zz', 'org/%F0%9F%98%80'],
    ...['org/', '/org', 'org', 'org/a/', 'org/a+b', 'org\\a', 'org/a___b'],
  ])('R2 %s is no name', async (name) => {
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect(answered(await wire(method, `/v2/${name}/manifests/1`))).toEqual([400, 'NAME_INVALID']);
    expect(answered(await wire('POST', `/v2/${name}/blobs/uploads/`))).toEqual([400, 'NAME_INVALID']);
  });

  test.each([Buffer.from('😀').toString('latin1'), ' ', '\0', '\t'])(
    'R2 bytes that stand in no request line: 400 before anybody reads a name (%j)',
    async (bytes) => {
      expect((await wire('GET', `/v2/org/a${bytes}/manifests/1`)).status).toBe(400);
    },
  );

  test.each([
    ['of 256 characters', `org/${'a'.repeat(252)}`],
    ['of 200 parts', Array(200).fill('ab').join('/')],
  ])('R3 a name %s is too long', async (_what, name) => {
    expect(answered(await wire('GET', `/v2/${name}/tags/list`))).toEqual([400, 'NAME_INVALID']);
  });

  test('R4 a request line beyond 16 KiB answers 431', async () => {
    expect((await wire('GET', `/v2/org/a/tags/list?last=${'x'.repeat(16 * 1024)}`)).status).toBe(431);
  });

  test.each(['t'.repeat(129), '.a', '-a', 'a:b', '%0a', 'a%0a', 'a%20b'])('R5 %s is no tag', async (tag) => {
    expect(answered(await wire('PUT', `/v2/org/a/manifests/${tag}`))).toEqual([400, 'MANIFEST_INVALID']);
    expect(answered(await wire('GET', `/v2/org/a/manifests/${tag}`))).toEqual([404, 'MANIFEST_UNKNOWN']);
    expect((await wire('DELETE', `/v2/org/a/manifests/${tag}`)).status).toBe(404);
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
      const answer = await writer.send(method, `/v2/org/a/${path}`);
      expect([method, path, ...answered(answer)]).toEqual([
        method,
        path,
        400,
        method === 'HEAD' ? undefined : 'DIGEST_INVALID',
      ]);
    }
  });

  test('R8 an upload closed with a digest that is not its content’s is gone', async () => {
    const location = await begin();
    const wrong = await writer.send('PUT', `${location}?digest=${digestOf('other')}`, { body: 'content' });
    expect(answered(wrong)).toEqual([400, 'DIGEST_INVALID']);
    const retried = await writer.send('PUT', `${location}?digest=${digestOf('content')}`, { body: 'content' });
    expect(answered(retried)).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
    const atOnce = await writer.send('POST', `/v2/org/a/blobs/uploads/?digest=${digestOf('other')}`, {
      body: 'content',
    });
    expect(answered(atOnce)).toEqual([400, 'DIGEST_INVALID']);
  });

  test.each([digestOf('other'), digestOf('other', 'sha512'), 'sha256:baddigeststring'])(
    'R9 a manifest under %s, which is not its digest',
    async (digest) => {
      expect(answered(await putManifest(imageOf([]), ociManifest, digest))).toEqual([400, 'DIGEST_INVALID']);
    },
  );
});

describe('manifests', () => {
  const limit = 4 * 1024 * 1024;

  test('R10 one byte more than 4 MiB, announced: refused before it is read', async () => {
    expect(answered(await putManifest(' '.repeat(limit + 1)))).toEqual([413, 'MANIFEST_INVALID']);
  });

  test('R10 without an end: refused at 4 MiB, and the connection is given up', async () => {
    const sockets: Socket[] = [];
    const remember = (socket: Socket) => sockets.push(socket);
    registry.server.on('connection', remember);
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, ' '), Buffer.from('\r\n')]);
    function* endless() {
      for (let sent = 0; sent < 64 * 1024 * 1024; sent += chunk.length) yield chunk;
    }
    const head = [
      'PUT /v2/org/a/manifests/endless HTTP/1.1',
      'Host: registry',
      `Authorization: ${basic}`,
      `Content-Type: ${ociManifest}`,
      'Transfer-Encoding: chunked',
    ];
    const answer = await rawRequest(registry.url, `${head.join('\r\n')}\r\n\r\n`, endless());
    registry.server.off('connection', remember);
    expect([answer.status, answer.closed]).toEqual([413, true]);
    expect(answer.body).toContain('MANIFEST_INVALID');
    // Beyond the limit only what was under way between the kernel, the socket and the request.
    expect(sockets[0]?.bytesRead).toBeLessThanOrEqual(limit + 4 * 64 * 1024);
  });

  const image = JSON.parse(imageOf(['layer'])) as Record<string, unknown>;
  const index = JSON.parse(indexOf([imageOf(['layer'])])) as Record<string, unknown>;
  const layer = descriptorOf('layer');
  const image_ = (more: object) => JSON.stringify({ ...image, ...more });
  const index_ = (more: object) => JSON.stringify({ ...index, ...more });
  const layers = (more: object) => image_({ layers: [{ ...layer, ...more }] });
  const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

  test.each<[string, string, string | Buffer<ArrayBuffer>]>([
    ['R11', 'not JSON', 'manifest'],
    ['R11', 'cut short', imageOf(['layer']).slice(0, -1)],
    ['R11', 'UTF-16', Buffer.from(imageOf(['layer']), 'utf16le')],
    ['R11', 'with a byte-order mark', `\uFEFF${imageOf(['layer'])}`],
    ['R11', 'not UTF-8', Buffer.from('{"schemaVersion":2,"x":"\xff"}', 'latin1')],
    ['R11', 'with bytes behind it', `${imageOf(['layer'])}{}`],
    ['R11', 'an array', `[${imageOf(['layer'])}]`],
    ['R11', 'empty', ''],
    ['R11', 'with a NUL in a text', image_({ annotations: { a: '\0' } })],
    ['R11', 'with half a surrogate pair', `{"schemaVersion":2,"mediaType":"${ociManifest}","x":"\\ud800"}`],
    ['R12', 'of another type than its header says', image_({ mediaType: ociIndex })],
    ['R12', 'of an unknown type', image_({ mediaType: 'application/vnd.example' })],
    ['R12', 'of schema 1', '{"schemaVersion":1,"name":"org/a","tag":"1","fsLayers":[],"history":[]}'],
    ['R13', 'with layers and manifests', image_({ manifests: [] })],
    ['R14', 'with a key twice', imageOf(['layer']).replace('"schemaVersion":2', '"schemaVersion":2,"schemaVersion":2')],
    ['R14', 'with a key twice, deep inside', imageOf(['layer']).replace('"size":5', '"size":5,"size":5')],
    ['R14', 'with Layers', image_({ Layers: [] })],
    ['R14', 'with CONFIG', image_({ CONFIG: layer })],
    ['R14', 'with a layer’s Digest', layers({ Digest: layer.digest })],
    ['R15', 'of 33 levels', image_({ x: 0 }).replace('"x":0', `"x":${deep(32)}`)],
    ['R15', 'of two million brackets', '['.repeat(2_000_000)],
    ['R16', 'with a size of -1', layers({ size: -1 })],
    ['R16', 'with a size of 1.5', layers({ size: 1.5 })],
    ['R16', 'with a size of 1e3', imageOf(['layer']).replace('"size":5', '"size":1e3')],
    ['R16', 'with a size of "12"', layers({ size: '12' })],
    ['R16', 'with a size of 2^53+1', imageOf(['layer']).replace('"size":5', '"size":9007199254740993')],
    ['R17', 'of 2,001 layers', image_({ layers: Array(2001).fill(layer) })],
    ['R18', 'with a file for an address', layers({ urls: ['file:///etc/passwd'] })],
    ['R18', 'with a script for an address', layers({ urls: ['javascript:alert(1)'] })],
    ['R18', 'with data that is not its digest’s', layers({ data: Buffer.from('other').toString('base64') })],
  ])('%s a manifest %s', async (_id, _what, body) => {
    expect(answered(await putManifest(body))).toEqual([400, 'MANIFEST_INVALID']);
  });

  test.each([
    ['R13', 'with a config', index_({ config: layer })],
    ['R13', 'with layers', index_({ layers: [] })],
    ['R17', 'of 2,001 manifests', index_({ manifests: Array(2001).fill(layer) })],
  ])('%s an index %s', async (_id, _what, body) => {
    expect(answered(await putManifest(body, ociIndex))).toEqual([400, 'MANIFEST_INVALID']);
  });

  test.each([ociIndex, 'application/json', 'application/vnd.docker.distribution.manifest.v1+prettyjws'])(
    'R12 an image sent as %s',
    async (type) => {
      expect(answered(await putManifest(imageOf(['layer']), type))).toEqual([400, 'MANIFEST_INVALID']);
    },
  );

  test.each([
    ['layer', layers({ size: 6 }), ociManifest],
    ['manifest', index_({ manifests: [{ ...descriptorOf(imageOf(['layer']), ociManifest), size: 6 }] }), ociIndex],
  ])('R16 a size that is not the stored %s’s', async (_what, body, type) => {
    expect(answered(await putManifest(body, type))).toEqual([400, 'SIZE_INVALID']);
  });

  test('R17 a ninth index around eight', async () => {
    let inner = imageOf(['layer']);
    for (let depth = 1; depth <= 8; depth += 1) {
      inner = indexOf([inner]);
      expect((await writer.putManifest('org/a', digestOf(inner), inner)).status).toBe(201);
    }
    before = await counted();
    const ninth = indexOf([inner]);
    expect(answered(await writer.putManifest('org/a', digestOf(ninth), ninth))).toEqual([400, 'MANIFEST_INVALID']);
  });

  test('R17 an eighth index between four above and four below', async () => {
    const chain = [imageOf(['layer'])];
    for (let depth = 1; depth <= 9; depth += 1)
      chain.push(indexOf([chain.at(-1) ?? ''], { annotations: { depth: 'x' } }));
    const push = (level: number) => writer.putManifest('org/a', digestOf(chain[level] ?? ''), chain[level] ?? '');
    // From the outside in: each lists one that is not here yet.
    for (const level of [9, 8, 7, 6, 1, 2, 3, 4]) expect((await push(level)).status).toBe(201);
    before = await counted();
    expect(answered(await push(5))).toEqual([400, 'MANIFEST_INVALID']);
  });

  test('R19 a blob of another private repository and one that is nowhere: the same answer', async () => {
    const hidden = await putManifest(imageOf(['hidden']));
    const nowhere = await putManifest(imageOf(['nowhere']));
    expect(answered(hidden)).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
    expect(hidden.text.replace(digestOf('hidden'), 'DIGEST')).toBe(nowhere.text.replace(digestOf('nowhere'), 'DIGEST'));
    const withAddress = image_({ layers: [{ ...descriptorOf('nowhere'), urls: ['https://example.org/layer'] }] });
    expect(answered(await putManifest(withAddress))).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
  });
});

describe('uploads', () => {
  test('R22 an upload of another repository, of somebody else, finished, or never begun: the same 404', async () => {
    const mine = await begin(writer, 'org/shared');
    const finished = await begin(writer, 'org/shared');
    await writer.send('PUT', `${finished}?digest=${digestOf('layer')}`, { body: 'layer' });
    before = await counted();
    const id = (location: string) => location.slice(location.lastIndexOf('/') + 1);
    const random = '00000000-0000-4000-8000-000000000000';
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const ask = (client: RegistryClient, repository: string, upload: string) =>
        client.send(method, `/v2/${repository}/blobs/uploads/${upload}?digest=${digestOf('x')}`, {
          ...(method.startsWith('P') && { body: 'x' }),
        });
      const answers = [
        await ask(writer, 'org/b', id(mine)),
        await ask(colleague, 'org/shared', id(mine)),
        await ask(writer, 'org/shared', id(finished)),
        await ask(writer, 'org/shared', random),
        await ask(writer, 'org/shared', 'no-uuid'),
      ];
      expect([method, ...answers.map(({ status }) => status)]).toEqual([method, 404, 404, 404, 404, 404]);
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(answers[0]?.code).toBe('BLOB_UPLOAD_UNKNOWN');
    }
  });

  test.each([
    ['a gap', '5-8', 416, 'BLOB_UPLOAD_INVALID', '0-3'],
    ['an overlap', '2-5', 416, 'BLOB_UPLOAD_INVALID', '0-3'],
    ['the start again', '0-3', 416, 'BLOB_UPLOAD_INVALID', '0-3'],
    ['a range backwards', '5-1', 400, 'BLOB_UPLOAD_INVALID', null],
    ['a unit', 'bytes=4-7', 400, 'BLOB_UPLOAD_INVALID', null],
    ['20 digits', '4-99999999999999999999', 400, 'BLOB_UPLOAD_INVALID', null],
    ['another length', '4-99', 400, 'SIZE_INVALID', null],
  ])('R23 a chunk with %s', async (_what, range, status, code, held) => {
    const location = await begin();
    await writer.send('PATCH', location, { headers: { 'Content-Range': '0-3' }, body: 'abcd' });
    for (const [method, query] of [
      ['PATCH', ''],
      ['PUT', `?digest=${digestOf('abcdefgh')}`],
    ] as const) {
      const answer = await writer.send(method, location + query, { headers: { 'Content-Range': range }, body: 'efgh' });
      expect([...answered(answer), answer.headers.get('range')]).toEqual([status, code, held]);
    }
    expect((await writer.send('GET', location)).headers.get('range')).toBe('0-3');
    await writer.send('DELETE', location);
  });

  test('R23 an upload closed without a digest', async () => {
    const location = await begin();
    expect(answered(await writer.send('PUT', location, { body: 'x' }))).toEqual([400, 'DIGEST_INVALID']);
    await writer.send('DELETE', location);
  });
});

describe('lists', () => {
  test.each(['/v2/org/a/tags/list', '/v2/_catalog'])('R24 of %s, n is a number of entries', async (path) => {
    for (const n of ['-1', 'abc', '1.5', '', '0x10', '1e9'])
      expect([n, ...answered(await writer.send('GET', `${path}?n=${n}`))]).toEqual([n, 400, 'UNSUPPORTED']);
    const none = await writer.send('GET', `${path}?n=0`);
    expect([none.status, none.headers.get('link')]).toEqual([200, null]);
    expect(none.text).toContain('[]');
    expect((await writer.send('GET', `${path}?n=1000000000`)).status).toBe(200);
    expect((await writer.send('GET', `${path}?last=${encodeURIComponent('.not a tag\0')}`)).status).toBe(200);
  });

  test('R24 no page has more than 1,000 tags, however many are asked for', async () => {
    await registry.database.orm.em.getConnection().execute(
      `insert into tags (id, repository_id, name, manifest_id, pushed_by, started_at)
         select gen_random_uuid(), t.repository_id, 'many-' || n, t.manifest_id, 'test', now()
           from tags t join repositories r on r.id = t.repository_id and r.name = 'org/b', generate_series(1, 1001) n`,
    );
    before = await counted();
    const answer = await writer.send('GET', '/v2/org/b/tags/list?n=1000000000');
    expect((JSON.parse(answer.text) as { tags: string[] }).tags).toHaveLength(1000);
    expect(answer.headers.get('link')).toMatch(/^<\/v2\/org\/b\/tags\/list\?n=1000&last=[^>]+>; rel="next"$/);
  });
});

describe('callers and requests', () => {
  const sendRaw = async (...lines: string[]) => {
    const { status, closed, body } = await rawRequest(registry.url, `${lines.join('\r\n')}\r\n\r\n`);
    return { status, closed, code: /"code":"(\w+)"/.exec(body)?.[1] };
  };

  test('R25 a password of 10 kB', async () => {
    const client = clientOf(registry, `Basic ${Buffer.from(`$app:${'x'.repeat(10_000)}`).toString('base64')}`);
    for (const path of ['/v2/', '/v2/auth', '/v2/org/a/tags/list'])
      expect(answered(await client.send('GET', path))).toEqual([401, 'UNAUTHORIZED']);
  });

  test.each(['repository:*:*', 'registry:catalog:*', 'nonsense', 'repository:org/a:', '::', 'registry:x:*'])(
    'R25 the scope %s is worth nothing',
    async (scope) => {
      const { status, text } = await colleague.send('GET', `/v2/auth?scope=${encodeURIComponent(scope)}`);
      const [, claims = ''] = (JSON.parse(text) as { token: string }).token.split('.');
      const { access } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { access: { type: string }[] };
      expect([status, access.filter(({ type }) => type === 'repository')]).toEqual([200, []]);
    },
  );

  test('R25 more than 50 scopes', async () => {
    const scopes = Array.from({ length: 51 }, (_, n) => `scope=repository:org/r${String(n)}:pull`).join('&');
    expect((await writer.send('GET', `/v2/auth?${scopes}`)).status).toBe(400);
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
      expect([path, ...answered(await wire(method, path))]).toEqual([path, 405, 'UNSUPPORTED']);
  });

  test('R25 CONNECT is not supported', async () => {
    const { status, closed, code } = await sendRaw('CONNECT elsewhere:443 HTTP/1.1', 'Host: elsewhere:443');
    expect([status, code, closed]).toEqual([405, 'UNSUPPORTED', true]);
  });
});

describe('names that are special elsewhere are names like any other', () => {
  // These leave what they should leave.
  afterEach(async () => {
    before = await counted();
  });
  test.each(['constructor', 'tostring', 'valueof'])('org/%s', async (name) => {
    for (const tag of ['__proto__', 'hasOwnProperty', 'constructor']) {
      const manifest = await writer.pushImage(`org/${name}`, tag);
      expect((await writer.send('GET', `/v2/org/${name}/manifests/${tag}`)).text).toBe(manifest);
    }
    const list = JSON.parse((await writer.send('GET', `/v2/org/${name}/tags/list`)).text) as object;
    expect(list).toEqual({ name: `org/${name}`, tags: ['__proto__', 'constructor', 'hasOwnProperty'] });
    before = await counted();
  });

  test('keys of annotations', async () => {
    const annotations = JSON.parse('{"__proto__":"a","constructor":"b","hasOwnProperty":"c"}') as object;
    const manifest = await writer.pushImage('org/keys', '1', ['layer'], { annotations });
    expect((await writer.send('GET', '/v2/org/keys/manifests/1')).text).toBe(manifest);
    before = await counted();
  });
});
