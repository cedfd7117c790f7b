import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { buildOrganization, buildUser } from '@escale/schema/testing';
import { clientOf, descriptorOf, digestOf, imageOf, indexOf, type RegistryClient } from '../testing/registry-client.ts';
import { openTestRegistry, type TestRegistry } from '../testing/test-registry.ts';

let registry: TestRegistry;
let writer: RegistryClient;
beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'));
  const em = registry.database.orm.em.fork();
  const owner = await buildUser(em);
  await buildOrganization(em, { name: 'acme', owner });
  writer = clientOf(registry, await registry.applicationToken(owner));
});
afterAll(() => registry.close());

/** Manifests that differ, over the same blobs. */
const variant = (name: string) => imageOf(['layer'], { annotations: { name } });

describe('conditional writes of tags', () => {
  const put = (tag: string, manifest: string, headers: Record<string, string>) =>
    writer.putManifest('acme/conditional', tag, manifest, headers);
  const etag = (manifest: string) => `"${digestOf(manifest)}"`;
  beforeAll(() => writer.pushImage('acme/conditional', 'base'));

  test('If-None-Match: * makes a tag once', async () => {
    expect((await put('once', variant('a'), { 'If-None-Match': '*' })).status).toBe(201);
    const again = await put('once', variant('b'), { 'If-None-Match': '*' });
    expect([again.status, again.code]).toEqual([412, 'DENIED']);
    expect((await writer.send('GET', '/v2/acme/conditional/manifests/once')).text).toBe(variant('a'));
  });

  test('If-Match moves a tag that still names what the client saw', async () => {
    await put('moving', variant('a'), {});
    const seen = (await writer.send('HEAD', '/v2/acme/conditional/manifests/moving')).headers.get('etag') ?? '';
    expect((await put('moving', variant('b'), { 'If-Match': seen })).status).toBe(201);
    expect((await put('moving', variant('c'), { 'If-Match': seen })).status).toBe(412);
    expect((await put('moving', variant('c'), { 'If-Match': `${etag('x')}, ${etag(variant('b'))}` })).status).toBe(201);
  });

  test.each([
    ['If-Match: * where there is no tag', 'absent', { 'If-Match': '*' }, 412],
    ['If-Match that is no digest', 'absent', { 'If-Match': 'garbage' }, 412],
    ['If-Match: * on a tag', 'base', { 'If-Match': '*' }, 201],
    ['If-None-Match of another digest', 'base', { 'If-None-Match': `W/"${digestOf('x')}"` }, 201],
  ])('%s', async (_what, tag, headers, status) => {
    expect((await put(tag, variant(_what), headers)).status).toBe(status);
  });

  test('a refused write leaves no manifest behind', async () => {
    const manifest = variant('left behind?');
    expect((await put('absent', manifest, { 'If-Match': '*' })).status).toBe(412);
    expect((await writer.send('HEAD', `/v2/acme/conditional/manifests/${digestOf(manifest)}`)).status).toBe(404);
  });

  test('of eight that make a tag at the same moment, one does', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => put('race', variant(`race ${String(n)}`), { 'If-None-Match': '*' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(7).fill(412)]);
  });

  test('by digest, without tags, the condition is on the manifest', async () => {
    const manifest = variant('by digest');
    const once = () => put(digestOf(manifest), manifest, { 'If-None-Match': '*' });
    expect((await once()).status).toBe(201);
    expect((await once()).status).toBe(412);
  });
});

describe('several tags in one push (end-7b)', () => {
  const push = (tags: readonly string[], algorithm?: 'sha512') => {
    const manifest = variant(tags.join());
    const query = `?${tags.map((tag) => `tag=${encodeURIComponent(tag)}`).join('&')}`;
    return writer.putManifest('acme/tagged', digestOf(manifest, algorithm), manifest, {}, query);
  };
  beforeAll(() => writer.pushImage('acme/tagged', 'base'));

  test.each(['sha256', 'sha512'] as const)(
    'ten tags at once on a %s digest, each named in OCI-Tag',
    async (algorithm) => {
      const tags = Array.from({ length: 10 }, (_, n) => `${algorithm}-${String(n)}`);
      const answer = await push(tags, algorithm === 'sha512' ? algorithm : undefined);
      expect(answer.status).toBe(201);
      expect(answer.headers.get('oci-tag')?.split(', ')).toEqual(tags);
      for (const tag of tags) {
        const { headers } = await writer.send('HEAD', `/v2/acme/tagged/manifests/${tag}`);
        expect(headers.get('docker-content-digest')).toBe(digestOf(variant(tags.join()), algorithm));
      }
    },
  );

  test('a tag named twice is set once', async () => {
    expect((await push(['twice', 'twice'])).headers.get('oci-tag')).toBe('twice');
  });

  test.each([
    ['a bad tag among them', 400, ['fine', '.bad']],
    ['too many', 414, Array.from({ length: 101 }, (_, n) => `many-${String(n)}`)],
  ] as const)('%s: %i, and none is set', async (_what, status, tags) => {
    const answer = await push(tags);
    expect([answer.status, answer.code]).toEqual([status, 'MANIFEST_INVALID']);
    expect((await writer.send('HEAD', `/v2/acme/tagged/manifests/${tags[0] ?? ''}`)).status).toBe(404);
  });
});

describe('an index whose entries are blobs, as BuildKit before 0.21 pushes its caches', () => {
  const cache = (layers: readonly string[], more: object = {}) =>
    indexOf([], {
      manifests: [
        ...layers.map((layer) => descriptorOf(layer, 'application/vnd.oci.image.layer.v1.tar+gzip')),
        { ...descriptorOf('{"layers":[]}', 'application/vnd.buildkit.cacheconfig.v0'), ...more },
      ],
    });
  beforeAll(async () => {
    for (const blob of ['cached 1', 'cached 2', '{"layers":[]}']) await writer.pushBlob('acme/cache', blob);
  });

  test('holds those that are here, as a manifest holds its layers', async () => {
    const index = cache(['cached 1', 'cached 2', 'never pushed']);
    expect((await writer.putManifest('acme/cache', 'main', index)).status).toBe(201);
    const held = await registry.database.orm.em
      .fork()
      .execute<{ digest: string }[]>(
        'select b.digest from manifest_blobs e join blobs b on b.id = e.blob_id join manifests m on m.id = e.manifest_id where m.digest = ?',
        [digestOf(index)],
      );
    expect(held.map(({ digest }) => digest).sort()).toEqual(
      ['cached 1', 'cached 2', '{"layers":[]}'].map((blob) => digestOf(blob)).sort(),
    );
  });

  test('with a wrong size is refused', async () => {
    const answer = await writer.putManifest('acme/cache', 'wrong', cache(['cached 1'], { size: 1 }));
    expect([answer.status, answer.code]).toEqual([400, 'SIZE_INVALID']);
  });
});
