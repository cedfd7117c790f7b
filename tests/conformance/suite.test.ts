import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { byTagParameter, dataSets } from './data-sets.ts';
import { DataSet, digestOf, types, type Descriptor } from './data-set.ts';
import {
  blobMount,
  blobMountMissing,
  blobPatchChunked,
  blobPatchStream,
  blobPostCancel,
  blobPostOnly,
  blobPostPut,
  type Pushing,
} from './push-blob.ts';
import {
  locationOf,
  referrersOf,
  startConformanceRegistry,
  statusOf,
  tagsOf,
  type ConformanceRegistry,
} from './registry.ts';

/**
 * The official conformance suite of 2026 with every item of its development version on, case by case under its names. (It runs
 * itself, where Go is at hand, by `npm run test:conformance`.)
 */
let registry: ConformanceRegistry;
let repository: string;
let other: string;
beforeAll(async () => {
  registry = await startConformanceRegistry();
  [repository, other] = registry.repositories;
});
afterAll(() => registry.stop());

const accept = { Accept: `${types.index}, ${types.image}` };
const send: ConformanceRegistry['send'] = (...request) => registry.send(...request);
const blob = (digest: string, method = 'GET', where = repository) => send(method, `/v2/${where}/blobs/${digest}`);
const manifest = (reference: string, method = 'GET') =>
  send(method, `/v2/${repository}/manifests/${reference}`, { headers: accept });
const tagList = (query = '') => tagsOf(registry, repository, query);

const referrers = (subject: string, artifactType?: string) => referrersOf(registry, repository, subject, artifactType);

/** HEAD and GET of a blob that is there. */
async function holdsBlob(digest: string, content: Buffer): Promise<void> {
  for (const method of ['HEAD', 'GET']) {
    const { status, headers, body } = await blob(digest, method);
    expect([status, headers.get('content-length')]).toEqual([200, String(content.length)]);
    expect(headers.get('docker-content-digest')).toBe(digest);
    expect(body.equals(method === 'HEAD' ? Buffer.alloc(0) : content)).toBe(true);
  }
}

async function deletesBlob(digest: string, where = repository): Promise<void> {
  expect([202, 404]).toContain(await statusOf(blob(digest, 'DELETE', where)));
  expect(await statusOf(blob(digest, 'HEAD', where))).toBe(404);
}

test('ping', async () => {
  expect(await statusOf(send('GET', '/v2/'))).toBe(200);
});

describe('empty', () => {
  test('tag list', async () => {
    expect([200, 404]).toContain(await statusOf(send('GET', `/v2/${repository}/tags/list`)));
  });
  test('referrers', async () => {
    expect(await referrers(digestOf(randomBytes(32)))).toEqual([]);
  });
});

describe.each(['sha256', 'sha512'] as const)('%s blobs', (algorithm) => {
  const pushing = (size: number, broken = false): Pushing => {
    const content = randomBytes(size);
    const digest = digestOf(content, algorithm);
    const sent = broken ? Buffer.concat([content, Buffer.from('oh no')]) : content;
    return { registry, repository, digest, content: sent, badDigest: broken };
  };
  const threeChunks = 3 * 1024 - 5;
  const chunkSize = 1024;

  test('get-missing', async () => {
    expect(await statusOf(blob(digestOf(randomBytes(32), algorithm)))).toBe(404);
  });

  test.each<[string, number, (pushing: Pushing) => Promise<void>]>([
    ['post only', 512, blobPostOnly],
    ['post+put', 512, blobPostPut],
    ['chunked single', 512, (one) => blobPatchChunked(one, { chunkSize: 512 })],
    ['stream', 512, blobPatchStream],
    ['mount missing', 512, (one) => blobMountMissing(one, other)],
    ['chunked multi', threeChunks, (one) => blobPatchChunked(one, { chunkSize })],
    ['chunked multi and put chunk', threeChunks, (one) => blobPatchChunked(one, { chunkSize, putLastChunk: true })],
    ['chunked out-of-order', threeChunks, (one) => blobPatchChunked(one, { chunkSize, outOfOrder: true })],
    [
      'chunked out-of-order and put chunk',
      threeChunks,
      (one) => blobPatchChunked(one, { chunkSize, outOfOrder: true, putLastChunk: true }),
    ],
  ])('%s', async (_name, size, push) => {
    const one = pushing(size);
    await push(one);
    await holdsBlob(one.digest, one.content);
    await deletesBlob(one.digest);
  });

  test.each([
    ['mount', true],
    ['mount anonymous', false],
  ])('%s', async (_name, named) => {
    const one = pushing(512);
    await blobPostOnly({ ...one, repository: other });
    await blobMount(one, named ? other : undefined);
    await holdsBlob(one.digest, one.content);
    await deletesBlob(one.digest);
    await deletesBlob(one.digest, other);
  });

  test('post cancel', () => blobPostCancel(pushing(512)));

  describe('range requests', () => {
    let one: Pushing;
    beforeAll(async () => {
      one = pushing(2048);
      await blobPostOnly(one);
    });
    afterAll(() => deletesBlob(one.digest));
    const ranged = (range: string) =>
      send('GET', `/v2/${repository}/blobs/${one.digest}`, { headers: { Range: `bytes=${range}` } });

    test.each([
      ['500-1499', 500, 1499],
      ['500-', 500, 2047],
      ['-500', 1548, 2047],
      ['2000-5000', 2000, 2047],
    ])('range %s', async (range, first, last) => {
      const { status, headers, body } = await ranged(range);
      expect([status, headers.get('content-range'), headers.get('content-length')]).toEqual([
        206,
        `bytes ${String(first)}-${String(last)}/2048`,
        String(last - first + 1),
      ]);
      expect(body.equals(one.content.subarray(first, last + 1))).toBe(true);
    });
    test.each(['500-0', '5000-10000'])('range %s', async (range) => {
      expect(await statusOf(ranged(range))).toBe(416);
    });
  });

  test.each([
    ['empty', ''],
    ['emptyJSON', '{}'],
  ])('%s', async (_name, text) => {
    const content = Buffer.from(text);
    const digest = digestOf(content, algorithm);
    await blobPostPut({ registry, repository, digest, content });
    await holdsBlob(digest, content);
    await deletesBlob(digest);
  });

  test.each<[string, (pushing: Pushing) => Promise<void>]>([
    ['bad digest post only', blobPostOnly],
    ['bad digest post+put', blobPostPut],
    ['bad digest chunked', (one) => blobPatchChunked(one, { chunkSize })],
    ['bad digest chunked and put chunk', (one) => blobPatchChunked(one, { chunkSize, putLastChunk: true })],
    ['bad digest stream', blobPatchStream],
  ])('%s', async (_name, push) => {
    const one = pushing(threeChunks, true);
    await push(one);
    expect(await statusOf(blob(one.digest))).toBe(404);
  });
});

describe.each(Object.entries(dataSets))('%s', (name, make) => {
  const set = make();

  describe('push', () => {
    test('blobs', async () => {
      for (const [digest, content] of set.blobs) await blobPostOnly({ registry, repository, digest, content });
    });
    test('manifest-by-digest', async () => {
      for (const { digest, text, mediaType, subject } of set.manifests) {
        const tags = byTagParameter.has(name) ? [...set.tags].filter(([, named]) => named === digest) : [];
        const query = tags.map(([tag]) => `tag=${tag}`).join('&');
        const path = `/v2/${repository}/manifests/${digest}?${query}`;
        const answer = await send('PUT', path, { headers: { 'Content-Type': mediaType }, body: text });
        expect([answer.status, answer.headers.get('docker-content-digest')]).toEqual([201, digest]);
        expect(answer.headers.get('oci-subject')).toBe(subject ?? null);
        const said = answer.headers.get('oci-tag')?.split(', ') ?? [];
        expect(said.sort()).toEqual(tags.map(([tag]) => tag).sort());
        await holdsManifest(locationOf(answer), text, mediaType, digest);
      }
    });
    if (!byTagParameter.has(name)) {
      test('manifest-by-tag', async () => {
        for (const [tag, digest] of set.tags) {
          const { text = '', mediaType = '' } = set.manifests.find((one) => one.digest === digest) ?? {};
          const path = `/v2/${repository}/manifests/${tag}`;
          const answer = await send('PUT', path, { headers: { 'Content-Type': mediaType }, body: text });
          expect([answer.status, answer.headers.get('docker-content-digest')]).toEqual([201, digest]);
        }
      });
    }
  });

  test('tag-list', async () => {
    const all = await tagList();
    expect(all).toEqual([...all].sort());
    expect(all).toEqual(expect.arrayContaining([...set.tags.keys()]));
    for (const last of all) expect(await tagList(`?last=${last}`)).toEqual(all.filter((tag) => tag > last));
  });

  async function holdsManifest(path: string, text: string, mediaType: string, digest: string): Promise<void> {
    for (const method of ['HEAD', 'GET']) {
      const { status, headers, body } = await send(method, path, { headers: accept });
      expect([status, headers.get('content-type'), headers.get('docker-content-digest')]).toEqual([
        ...[200, mediaType, digest],
      ]);
      expect(headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
      expect(body.toString()).toBe(method === 'HEAD' ? '' : text);
    }
  }
  const at = (reference: string) => `/v2/${repository}/manifests/${reference}`;

  describe('head and pull', () => {
    test('manifest-by-tag', async () => {
      for (const [tag, digest] of set.tags) {
        const { text = '', mediaType = '' } = set.manifests.find((one) => one.digest === digest) ?? {};
        await holdsManifest(at(tag), text, mediaType, digest);
      }
    });
    test('manifest-by-digest', async () => {
      for (const { digest, text, mediaType } of set.manifests) await holdsManifest(at(digest), text, mediaType, digest);
    });
    test('blob-get', async () => {
      for (const [digest, content] of set.blobs) await holdsBlob(digest, content);
    });
  });

  if (set.referrers.size > 0) {
    test('referrers', async () => {
      for (const [subject, expected] of set.referrers) {
        const byDigest = (list: readonly Descriptor[]) => [...list].sort((a, b) => (a.digest < b.digest ? -1 : 1));
        expect(await referrers(subject)).toEqual(byDigest(expected));
        for (const { artifactType } of expected) {
          if (typeof artifactType !== 'string') continue;
          const wanted = expected.filter((one) => one['artifactType'] === artifactType);
          expect(await referrers(subject, artifactType)).toEqual(byDigest(wanted));
        }
      }
    });
  }

  describe('delete', () => {
    test('tag-delete', async () => {
      for (const tag of set.tags.keys()) {
        expect(await statusOf(manifest(tag, 'DELETE'))).toBe(202);
        expect(await statusOf(manifest(tag, 'HEAD'))).toBe(404);
      }
    });
    test('manifest-delete', async () => {
      for (const { digest } of [...set.manifests].reverse()) {
        expect(await statusOf(manifest(digest, 'DELETE'))).toBe(202);
        expect(await statusOf(manifest(digest, 'HEAD'))).toBe(404);
      }
    });
    test('blob-delete', async () => {
      for (const digest of set.blobs.keys()) await deletesBlob(digest);
    });
  });
});

describe('bad-digest-image', () => {
  test('manifest-by-digest', async () => {
    const set = new DataSet();
    const { digest } = set.image();
    for (const [named, content] of set.blobs) await blobPostOnly({ registry, repository, digest: named, content });
    const body = `${set.manifests[0]?.text ?? ''}  `;
    const headers = { 'Content-Type': types.image };
    for (const reference of [digest, 'sha256:baddigeststring'])
      expect(await statusOf(send('PUT', `/v2/${repository}/manifests/${reference}`, { headers, body }))).toBe(400);
  });
});

describe('missing-manifest', () => {
  test.each([
    ['by-digest', digestOf(randomBytes(1024))],
    ['by-tag', 'missing-tag'],
  ])('%s', async (_name, reference) => {
    expect(await statusOf(manifest(reference))).toBe(404);
  });
});

describe('invalid-digest-format', () => {
  test('manifest-get', async () => {
    expect([400, 404]).toContain(await statusOf(manifest('sha256:baddigeststring')));
  });
});
