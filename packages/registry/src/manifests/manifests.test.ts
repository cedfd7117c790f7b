import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { codeOf, openAcme, type AcmeScene } from '../testing/acme-scene.ts';
import { descriptorOf, digestOf, imageOf, ociIndex, ociManifest } from '../testing/registry-client.ts';

let acme: AcmeScene;
beforeAll(async () => {
  acme = await openAcme(inject('databaseServerUrl'));
});
afterAll(() => acme.close());

describe('manifests and tags (end-3, end-7, end-8, end-9, end-12)', () => {
  test('a manifest comes back byte for byte, by tag and by digest, under its own type', async () => {
    const manifest = await acme.pushImage('acme/app', '1');
    for (const reference of ['1', digestOf(manifest)]) {
      const get = await acme.send('GET', `/v2/acme/app/manifests/${reference}`, { as: acme.writer });
      expect([
        get.status,
        await get.text(),
        get.headers.get('content-type'),
        get.headers.get('docker-content-digest'),
      ]).toEqual([200, manifest, ociManifest, digestOf(manifest)]);
      const head = await acme.send('HEAD', `/v2/acme/app/manifests/${reference}`, { as: acme.writer });
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(manifest.length)]);
    }
  });

  test('null in optional fields, as Go programs write it, counts as absent, and the bytes stay as they came', async () => {
    await acme.pushImage('acme/nulls', 'base');
    const nothing = { urls: null, data: null, annotations: null, artifactType: null, platform: null };
    const image = JSON.parse(imageOf(['layer'])) as { config: object; layers: object[] };
    const withNulls = {
      ...image,
      config: { ...image.config, ...nothing },
      layers: image.layers.map((layer) => ({ ...layer, ...nothing })),
      ...{ manifests: null, subject: null, artifactType: null, mediaType: null, annotations: { note: null } },
    };
    const text = JSON.stringify(withNulls);
    const child = { ...descriptorOf(text, ociManifest), platform: {} };
    const index = JSON.stringify({
      ...{ schemaVersion: 2, mediaType: ociIndex, config: null, layers: null, subject: null, annotations: null },
      manifests: [child, { ...descriptorOf('elsewhere', ociManifest), platform: { os: null, architecture: null } }],
    });
    for (const [tag, type, body] of [
      ['image', ociManifest, text],
      ['index', ociIndex, index],
      ['empty', ociIndex, JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: null })],
    ] as const) {
      const path = `/v2/acme/nulls/manifests/${tag}`;
      const put = await acme.send('PUT', path, { as: acme.writer, headers: { 'Content-Type': type }, body });
      expect([put.status, await put.text()]).toEqual([201, '']);
      const got = await acme.send('GET', path, { as: acme.writer });
      expect([await got.text(), got.headers.get('content-type')]).toEqual([body, type]);
    }
  });

  test('a manifest may only list blobs of its own repository (T9, R19)', async () => {
    await acme.pushBlob('acme/hidden', 'hidden layer');
    const manifest = imageOf(['hidden layer']);
    await acme.pushBlob('acme/thief', '{}');
    const put = (body: string) =>
      acme.send('PUT', '/v2/acme/thief/manifests/1', {
        as: acme.writer,
        headers: { 'Content-Type': ociManifest },
        body,
      });
    const elsewhere = await put(manifest);
    expect([elsewhere.status, await codeOf(elsewhere)]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
    expect(
      (await acme.send('HEAD', `/v2/acme/thief/manifests/${digestOf(manifest)}`, { as: acme.writer })).status,
    ).toBe(404);
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
    const answer = await acme.send('PUT', '/v2/acme/app/manifests/bad', {
      as: acme.writer,
      headers: { 'Content-Type': ociManifest },
      body,
    });
    expect([answer.status, await codeOf(answer)]).toEqual([status, code]);
    expect((await acme.send('HEAD', '/v2/acme/app/manifests/bad', { as: acme.writer })).status).toBe(404);
  });

  test('an unknown media type is refused (R12)', async () => {
    const answer = await acme.send('PUT', '/v2/acme/app/manifests/x', {
      as: acme.writer,
      headers: { 'Content-Type': 'application/x-unknown' },
      body: '{"schemaVersion":2}',
    });
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'MANIFEST_INVALID']);
  });

  test('a manifest pushed under a digest that is not its own is refused (R9)', async () => {
    const answer = await acme.send('PUT', `/v2/acme/app/manifests/${digestOf('x')}`, {
      as: acme.writer,
      headers: { 'Content-Type': ociManifest },
      body: imageOf([]),
    });
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'DIGEST_INVALID']);
  });

  test('tags are listed in byte order and paged by n and last', async () => {
    for (const tag of ['b', 'a', 'C', 'a.b', 'a-b']) await acme.pushImage('acme/tags', tag);
    const pages: string[][] = [];
    let next: string | undefined = '/v2/acme/tags/tags/list?n=2';
    while (next !== undefined) {
      const answer: Response = await acme.send('GET', next, { as: acme.writer });
      pages.push(((await answer.json()) as { tags: string[] }).tags);
      next = /<([^>]+)>/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    expect(pages).toEqual([['C', 'a'], ['a-b', 'a.b'], ['b']]);
    expect(await (await acme.send('GET', '/v2/acme/tags/tags/list?n=0', { as: acme.writer })).json()).toEqual({
      name: 'acme/tags',
      tags: [],
    });
    const bad = await acme.send('GET', '/v2/acme/tags/tags/list?n=-1', { as: acme.writer });
    expect([bad.status, await codeOf(bad)]).toEqual([400, 'UNSUPPORTED']);
  });

  test('deleting a tag leaves the manifest; deleting the manifest takes its tags (end-9)', async () => {
    const manifest = await acme.pushImage('acme/delete', 'one');
    await acme.pushImage('acme/delete', 'two');
    const at = (reference: string) => `/v2/acme/delete/manifests/${reference}`;
    expect((await acme.send('DELETE', at('one'), { as: acme.writer })).status).toBe(202);
    expect((await acme.send('HEAD', at('one'), { as: acme.writer })).status).toBe(404);
    expect((await acme.send('HEAD', at('two'), { as: acme.writer })).status).toBe(200);
    expect((await acme.send('DELETE', at(digestOf(manifest)), { as: acme.writer })).status).toBe(202);
    expect((await acme.send('HEAD', at('two'), { as: acme.writer })).status).toBe(404);
    expect((await acme.send('DELETE', at('two'), { as: acme.writer })).status).toBe(404);
  });

  test('a referrer is listed under its subject, filtered by type; an unknown subject has none (end-12)', async () => {
    const subject = digestOf(await acme.pushImage('acme/signed', '1'));
    const signature = JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      artifactType: 'application/vnd.example.signature',
      config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf('{}'), size: 2 },
      layers: [],
      subject: { mediaType: ociManifest, digest: subject, size: 1 },
      annotations: { who: 'me' },
    });
    const put = await acme.send('PUT', `/v2/acme/signed/manifests/${digestOf(signature)}`, {
      as: acme.writer,
      headers: { 'Content-Type': ociManifest },
      body: signature,
    });
    expect([put.status, put.headers.get('oci-subject')]).toEqual([201, subject]);
    const list = async (digest: string, type = '') => {
      const answer = await acme.send('GET', `/v2/acme/signed/referrers/${digest}${type && `?artifactType=${type}`}`, {
        as: acme.writer,
      });
      return ((await answer.json()) as { manifests: { digest: string; annotations?: object }[] }).manifests;
    };
    expect(await list(subject)).toMatchObject([{ digest: digestOf(signature), annotations: { who: 'me' } }]);
    expect(await list(subject, 'application/vnd.example.signature')).toHaveLength(1);
    expect(await list(subject, 'application/other')).toEqual([]);
    expect(await list(digestOf('unknown'))).toEqual([]);
  });
});
