import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { rawRequest } from '../testing/raw-request.ts';
import { answered, openRefusalScene, type RefusalScene } from '../testing/refusal-scene.ts';
import { descriptorOf, digestOf, imageOf, indexOf, ociIndex, ociManifest } from '../testing/registry-client.ts';

/** What must be refused, exactly so, leaving nothing behind (docs/guarantees.md, R1 to R25). */
let scene: RefusalScene;
beforeAll(async () => {
  scene = await openRefusalScene(inject('databaseServerUrl'));
});
afterAll(() => scene.close());
beforeEach(() => scene.count());
afterEach(() => scene.expectNothingNew());

describe('manifests', () => {
  const limit = 4 * 1024 * 1024;

  test('R10 one byte more than 4 MiB, announced: refused before it is read', async () => {
    expect(answered(await scene.putManifest(' '.repeat(limit + 1)))).toEqual([413, 'MANIFEST_INVALID']);
  });

  test('R10 without an end: refused at 4 MiB, and the connection is given up', async () => {
    const sockets: Socket[] = [];
    const remember = (socket: Socket) => sockets.push(socket);
    scene.registry.server.on('connection', remember);
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, ' '), Buffer.from('\r\n')]);
    function* endless() {
      for (let sent = 0; sent < 64 * 1024 * 1024; sent += chunk.length) yield chunk;
    }
    const head = [
      'PUT /v2/org/a/manifests/endless HTTP/1.1',
      'Host: registry',
      `Authorization: ${scene.basic}`,
      `Content-Type: ${ociManifest}`,
      'Transfer-Encoding: chunked',
    ];
    const answer = await rawRequest(scene.registry.url, `${head.join('\r\n')}\r\n\r\n`, endless());
    scene.registry.server.off('connection', remember);
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
    expect(answered(await scene.putManifest(body))).toEqual([400, 'MANIFEST_INVALID']);
  });

  test.each([
    ['R13', 'with a config', index_({ config: layer })],
    ['R13', 'with layers', index_({ layers: [] })],
    ['R17', 'of 2,001 manifests', index_({ manifests: Array(2001).fill(layer) })],
  ])('%s an index %s', async (_id, _what, body) => {
    expect(answered(await scene.putManifest(body, ociIndex))).toEqual([400, 'MANIFEST_INVALID']);
  });

  test.each([ociIndex, 'application/json', 'application/vnd.docker.distribution.manifest.v1+prettyjws'])(
    'R12 an image sent as %s',
    async (type) => {
      expect(answered(await scene.putManifest(imageOf(['layer']), type))).toEqual([400, 'MANIFEST_INVALID']);
    },
  );

  test.each([
    ['application/vnd.oci.artifact.manifest.v1+json', /OCI artifact manifest of image-spec 1\.1\.0-rc2/],
    ['application/vnd.cncf.oras.artifact.manifest.v1+json', /ORAS artifact manifest/],
    ['application/vnd.docker.distribution.manifest.v1+json', /Docker schema 1/],
    ['application/vnd.docker.distribution.manifest.v1+prettyjws', /Docker schema 1/],
  ])('a manifest of the retired type %s is refused by its name', async (type, words) => {
    const artifact = JSON.stringify({ mediaType: type, artifactType: 'application/vnd.example', blobs: [layer] });
    for (const answer of [
      await scene.putManifest(artifact, type),
      await scene.putManifest(artifact, ''),
      await scene.putManifest(JSON.stringify({ schemaVersion: 1 }), type),
    ]) {
      expect(answered(answer)).toEqual([400, 'MANIFEST_INVALID']);
      expect(answer.text).toMatch(words);
      expect(answer.text).toContain(type);
    }
  });

  test.each([
    ['layer', layers({ size: 6 }), ociManifest],
    ['manifest', index_({ manifests: [{ ...descriptorOf(imageOf(['layer']), ociManifest), size: 6 }] }), ociIndex],
  ])('R16 a size that is not the stored %s’s', async (_what, body, type) => {
    expect(answered(await scene.putManifest(body, type))).toEqual([400, 'SIZE_INVALID']);
  });

  test('R17 a ninth index around eight', async () => {
    let inner = imageOf(['layer']);
    for (let depth = 1; depth <= 8; depth += 1) {
      inner = indexOf([inner]);
      expect((await scene.writer.putManifest('org/a', digestOf(inner), inner)).status).toBe(201);
    }
    await scene.count();
    const ninth = indexOf([inner]);
    expect(answered(await scene.writer.putManifest('org/a', digestOf(ninth), ninth))).toEqual([
      400,
      'MANIFEST_INVALID',
    ]);
  });

  test('R17 an eighth index between four above and four below', async () => {
    const chain = [imageOf(['layer'])];
    for (let depth = 1; depth <= 9; depth += 1)
      chain.push(indexOf([chain.at(-1) ?? ''], { annotations: { depth: 'x' } }));
    const push = (level: number) => scene.writer.putManifest('org/a', digestOf(chain[level] ?? ''), chain[level] ?? '');
    // From the outside in: each lists one that is not here yet.
    for (const level of [9, 8, 7, 6, 1, 2, 3, 4]) expect((await push(level)).status).toBe(201);
    await scene.count();
    expect(answered(await push(5))).toEqual([400, 'MANIFEST_INVALID']);
  });

  test('R19 a blob of another private repository and one that is nowhere: the same answer', async () => {
    const hidden = await scene.putManifest(imageOf(['hidden']));
    const nowhere = await scene.putManifest(imageOf(['nowhere']));
    expect(answered(hidden)).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
    expect(hidden.text.replace(digestOf('hidden'), 'DIGEST')).toBe(nowhere.text.replace(digestOf('nowhere'), 'DIGEST'));
    const withAddress = image_({ layers: [{ ...descriptorOf('nowhere'), urls: ['https://example.org/layer'] }] });
    expect(answered(await scene.putManifest(withAddress))).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
  });
});
