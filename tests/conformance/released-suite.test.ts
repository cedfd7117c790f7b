import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyBlob, DataSet, digestOf, firstDigest, newImage, types, type Descriptor } from './data-set.ts';
import { pushSet } from './push-blob.ts';
import {
  locationOf,
  startConformanceRegistry,
  statusOf,
  tagsOf,
  type Answer,
  type ConformanceRegistry,
} from './registry.ts';

/** The conformance suite released with version 1.1.1 of the specification, case by case under its names. */
let registry: ConformanceRegistry;
let repository: string;
let other: string;
beforeAll(async () => {
  registry = await startConformanceRegistry();
  [repository, other] = registry.repositories;
});
afterAll(() => registry.stop());

const octets = { 'Content-Type': 'application/octet-stream' };
const asImage = { 'Content-Type': types.image };
const nowhere = digestOf('a blob that nobody pushed');
const send: ConformanceRegistry['send'] = (...request) => registry.send(...request);
const at = (path: string) => `/v2/${repository}/${path}`;
const ask = (method: string, path: string) => send(method, at(path));
const begin = () => send('POST', at('blobs/uploads/'));
const tags = (query = '') => tagsOf(registry, repository, query);
const populate = (set: DataSet, ...names: string[]) => pushSet({ registry, repository }, set, names);

describe('Pull', () => {
  const set = newImage();
  beforeAll(() => populate(set, 'tagtest0'));

  describe('Pull blobs', () => {
    test.each(['HEAD', 'GET'])('%s request to nonexistent blob should result in 404 response', async (method) => {
      expect(await statusOf(ask(method, `blobs/${nowhere}`))).toBe(404);
    });
    test.each(['HEAD', 'GET'])('%s request to existing blob should yield 200', async (method) => {
      const { status, headers } = await ask(method, `blobs/${anyBlob(set)}`);
      expect([status, headers.get('docker-content-digest')]).toEqual([200, anyBlob(set)]);
    });
  });

  describe('Pull manifests', () => {
    test.each(['HEAD', 'GET'])('%s request to nonexistent manifest should return 404', async (method) => {
      expect(await statusOf(ask(method, 'manifests/.INVALID_MANIFEST_NAME'))).toBe(404);
    });
    test.each(['HEAD', 'GET'])('%s request to manifest[0] path (digest) should yield 200 response', async (method) => {
      const { status, headers } = await ask(method, `manifests/${firstDigest(set)}`);
      expect([status, headers.get('docker-content-digest')]).toEqual([200, firstDigest(set)]);
    });
    test.each(['HEAD', 'GET'])('%s request to manifest path (tag) should yield 200 response', async (method) => {
      const { status, headers } = await ask(method, 'manifests/tagtest0');
      expect([status, headers.get('docker-content-digest')]).toEqual([200, firstDigest(set)]);
    });
  });

  describe('Error codes', () => {
    test('400 response body should contain OCI-conforming JSON message', async () => {
      const body = 'blablabla';
      const { status, body: said } = await send('PUT', at('manifests/sha256:totallywrong'), { headers: asImage, body });
      expect(status).toBe(400);
      const { errors } = JSON.parse(said.toString()) as { errors: { code: string }[] };
      expect(['DIGEST_INVALID', 'MANIFEST_INVALID', 'NAME_INVALID']).toContain(errors[0]?.code);
    });
  });

  describe('Teardown', () => {
    test('Delete manifest created in setup', async () => {
      expect(await statusOf(ask('DELETE', `manifests/${firstDigest(set)}`))).toBe(202);
    });
    test('Delete config blob and layer blob created in setup', async () => {
      for (const digest of set.blobs.keys()) expect(await statusOf(ask('DELETE', `blobs/${digest}`))).toBe(202);
    });
  });
});

describe('Push', () => {
  const content = Buffer.from('NBA Jam on my NBA toast');
  const digest = digestOf(content);
  let last: Answer;

  describe('Blob Upload Streamed', () => {
    test('PATCH request with blob in body should yield 202 response', async () => {
      last = await send('PATCH', locationOf(await begin()), { headers: octets, body: content });
      expect(last.status).toBe(202);
    });
    test('PUT request to session URL with digest should yield 201 response', async () => {
      const done = await send('PUT', locationOf(last, { digest }), { headers: octets });
      expect(done.status).toBe(201);
      locationOf(done);
    });
  });

  describe('Blob Upload Monolithic', () => {
    const config = Buffer.from(JSON.stringify({ id: randomUUID() }));
    const named = digestOf(config);
    test('GET nonexistent blob should result in 404 response', async () => {
      expect(await statusOf(ask('GET', `blobs/${nowhere}`))).toBe(404);
    });
    test('POST request with digest and blob should yield a 201 or 202', async () => {
      const answer = await send('POST', at(`blobs/uploads/?digest=${named}`), { headers: octets, body: config });
      expect(answer.status).toBe(201);
      locationOf(answer);
    });
    test('GET request to blob URL from prior request should yield 200 or 404 based on response code', async () => {
      expect(await statusOf(ask('GET', `blobs/${named}`))).toBe(200);
    });
    test('POST request should yield a session ID', async () => {
      last = await begin();
      expect(last.status).toBe(202);
    });
    test('PUT upload of a blob should yield a 201 Response', async () => {
      const answer = await send('PUT', locationOf(last, { digest: named }), { headers: octets, body: config });
      expect(answer.status).toBe(201);
      locationOf(answer);
    });
    test('GET request to existing blob should yield 200 response', async () => {
      expect(await statusOf(ask('GET', `blobs/${named}`))).toBe(200);
    });
    test('PUT upload of a layer blob should yield a 201 Response', async () => {
      const layer = Buffer.from(`layer ${randomUUID()}`);
      const location = locationOf(await begin(), { digest: digestOf(layer) });
      expect(await statusOf(send('PUT', location, { headers: octets, body: layer }))).toBe(201);
      expect(await statusOf(ask('GET', `blobs/${digestOf(layer)}`))).toBe(200);
    });
  });

  describe('Blob Upload Chunked', () => {
    const [first, second] = [content.subarray(0, 3), content.subarray(3)];
    const patch = (answer: Answer, range: string, body: Buffer) =>
      send('PATCH', locationOf(answer), { headers: { ...octets, 'Content-Range': range }, body });
    const secondRange = `3-${String(content.length - 1)}`;
    test('Out-of-order blob upload should return 416', async () => {
      expect(await statusOf(patch(await begin(), secondRange, second))).toBe(416);
    });
    test('PATCH request with first chunk should return 202', async () => {
      last = await patch(await begin(), '0-2', first);
      expect([last.status, last.headers.get('range')]).toEqual([202, '0-2']);
    });
    test('Retry previous blob chunk should return 416', async () => {
      expect(await statusOf(patch(last, '0-2', first))).toBe(416);
    });
    test('Get on stale blob upload should return 204 with a range and location', async () => {
      const status = await send('GET', locationOf(last));
      expect([status.status, status.headers.get('range')]).toEqual([204, '0-2']);
      last = status;
    });
    test('PATCH request with second chunk should return 202', async () => {
      last = await patch(last, secondRange, second);
      expect([last.status, last.headers.get('range')]).toEqual([202, `0-${String(content.length - 1)}`]);
    });
    test('PUT request with digest should return 201', async () => {
      expect(await statusOf(send('PUT', locationOf(last, { digest }), { headers: octets }))).toBe(201);
    });
  });

  describe('Cross-Repository Blob Mount', () => {
    test('Cross-mounting of a blob without the from argument should yield session id', async () => {
      const answer = await ask('POST', `blobs/uploads/?mount=${nowhere}`);
      expect(answer.status).toBe(202);
      locationOf(answer);
    });
    test('POST request to mount another repository’s blob should return 201 or 202', async () => {
      const answer = await send('POST', `/v2/${other}/blobs/uploads/?mount=${digest}&from=${repository}`);
      expect([answer.status, locationOf(answer)]).toEqual([201, `/v2/${other}/blobs/${digest}`]);
    });
    test('GET request to test digest within cross-mount namespace should return 200', async () => {
      expect(await statusOf(send('GET', `/v2/${other}/blobs/${digest}`))).toBe(200);
    });
    test('Cross-mounting of nonexistent blob should yield session id', async () => {
      const answer = await send('POST', `/v2/${other}/blobs/uploads/?mount=${nowhere}&from=${repository}`);
      expect(answer.status).toBe(202);
      expect(locationOf(answer)).toMatch(new RegExp(`^/v2/${other}/blobs/uploads/`));
    });
    test('Cross-mounting without from, and automatic content discovery enabled should return a 201', async () => {
      const answer = await send('POST', `/v2/${other}/blobs/uploads/?mount=${digest}`);
      expect([answer.status, locationOf(answer)]).toEqual([201, `/v2/${other}/blobs/${digest}`]);
    });
  });

  describe('Manifest Upload', () => {
    const set = newImage();
    const bare = new DataSet();
    bare.image({ layers: [] });
    test('GET nonexistent manifest should return 404', async () => {
      expect(await statusOf(ask('GET', 'manifests/.INVALID_MANIFEST_NAME'))).toBe(404);
    });
    test('PUT should accept a manifest upload', async () => {
      await populate(set, 'test0', 'test1', 'test2', 'test3');
    });
    test('Registry should accept a manifest upload with no layers', async () => {
      await populate(bare, 'emptylayer');
    });
    test('GET request to manifest URL (digest) should yield 200 response', async () => {
      for (const one of [set, bare]) expect(await statusOf(ask('GET', `manifests/${firstDigest(one)}`))).toBe(200);
    });
  });
});

describe('Content Discovery', () => {
  const annotated = (n: number) => ({
    annotations: { 'org.opencontainers.conformance.test': `annotation ${String(n)}` },
  });
  const set = new DataSet();
  const subject = set.image();
  const missing = { ...subject, digest: nowhere };
  const artifacts: readonly Descriptor[] = [
    set.image({ subject, layers: [], more: annotated(1), config: { ...set.config(), mediaType: types.example1 } }),
    set.artifact(types.example1, { subject, more: annotated(2) }),
    set.index([], { subject, more: { artifactType: types.example2, ...annotated(3) } }),
    set.artifact(types.example2, { subject, more: annotated(4) }),
    set.artifact(types.example2, { subject: missing, more: annotated(5) }),
  ];
  beforeAll(async () => {
    await populate(set, 'test0', 'test1', 'test2', 'test3');
    for (const { digest, text, mediaType, subject: named } of set.manifests.slice(1)) {
      const put = await send('PUT', at(`manifests/${digest}`), { headers: { 'Content-Type': mediaType }, body: text });
      expect([put.status, put.headers.get('oci-subject')]).toEqual([201, named]);
    }
  });

  describe('Test content discovery endpoints (listing tags)', () => {
    test('GET request to list tags should yield 200 response', async () => {
      const all = await tags();
      expect(all.length).toBeGreaterThanOrEqual(4);
      expect(all).toEqual([...all].sort());
    });
    test('GET number of tags should be limitable by `n` query parameter', async () => {
      expect(await tags('?n=2')).toHaveLength(2);
    });
    test('GET start of tag is set by `last` query parameter', async () => {
      const all = await tags();
      const page = await tags('?n=2');
      expect(await tags(`?n=2&last=${page[1] ?? ''}`)).toEqual(all.slice(2, 4));
    });
  });

  describe('Test content discovery endpoints (listing references)', () => {
    const list = async (digest: string, query = '') => {
      const { status, headers, body } = await ask('GET', `referrers/${digest}${query}`);
      expect([status, headers.get('content-type')]).toEqual([200, types.index]);
      const { manifests } = JSON.parse(body.toString()) as { manifests: Descriptor[] };
      return { digests: manifests.map((one) => one.digest), manifests, filters: headers.get('oci-filters-applied') };
    };
    const digestsOf = (...numbers: number[]) => numbers.map((n) => artifacts[n]?.digest ?? '').sort();
    test('GET request to nonexistent blob should result in empty 200 response', async () => {
      expect((await list(digestOf('nothing points at this'))).digests).toEqual([]);
    });
    test('GET request to existing blob should yield 200', async () => {
      const { digests, manifests } = await list(subject.digest);
      expect(digests).toEqual(digestsOf(0, 1, 2, 3));
      for (const { annotations } of manifests) expect(Object.keys(annotations as object)).toHaveLength(1);
    });
    test('GET request to existing blob with filter should yield 200', async () => {
      const { digests, filters } = await list(subject.digest, `?artifactType=${types.example1}`);
      expect([digests, filters]).toEqual([digestsOf(0, 1), 'artifactType']);
    });
    test('GET request to missing manifest should yield 200', async () => {
      expect((await list(nowhere)).digests).toEqual(digestsOf(4));
    });
  });
});

describe('Content Management', () => {
  const set = newImage();
  let before: number;
  beforeAll(async () => {
    await populate(set, 'tagtest0');
    before = (await tags()).length;
  });

  describe('Manifest delete', () => {
    test('DELETE request to manifest tag should return 202, unless tag deletion is disallowed (400/405)', async () => {
      expect(await statusOf(ask('DELETE', 'manifests/tagtest0'))).toBe(202);
    });
    test('DELETE request to manifest (digest) should yield 202 response unless already deleted', async () => {
      expect(await statusOf(ask('DELETE', `manifests/${firstDigest(set)}`))).toBe(202);
    });
    test('GET request to deleted manifest URL should yield 404 response, unless delete is disallowed', async () => {
      expect(await statusOf(ask('GET', `manifests/${firstDigest(set)}`))).toBe(404);
    });
    test('GET request to tags list should reflect manifest deletion', async () => {
      expect(await tags()).toHaveLength(before - 1);
    });
  });

  describe('Blob delete', () => {
    test('DELETE request to blob URL should yield 202 response', async () => {
      expect(await statusOf(ask('DELETE', `blobs/${anyBlob(set)}`))).toBe(202);
    });
    test('GET request to deleted blob URL should yield 404 response', async () => {
      expect(await statusOf(ask('GET', `blobs/${anyBlob(set)}`))).toBe(404);
    });
  });
});
