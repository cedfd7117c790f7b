import { expect } from 'vitest';
import { types, type DataSet } from './data-set.ts';
import { locationOf, statusOf, type Answer, type ConformanceRegistry } from './registry.ts';

/** A blob on its way to a repository. */
export interface Pushing {
  readonly registry: ConformanceRegistry;
  readonly repository: string;
  readonly digest: string;
  readonly content: Buffer;
  /** The content is not what the digest says: the push must end with 400. */
  readonly badDigest?: boolean;
}

const octets = { 'Content-Type': 'application/octet-stream' };

async function begin({ registry, repository }: Pushing): Promise<Answer> {
  const answer = await registry.send('POST', `/v2/${repository}/blobs/uploads/`);
  expect(answer.status).toBe(202);
  return answer;
}

/** The end of every push: the blob is there under its Location, or was refused. */
async function ended({ registry, digest, content, badDigest }: Pushing, answer: Answer): Promise<void> {
  expect(answer.status).toBe(badDigest ? 400 : 201);
  if (badDigest) return;
  expect(answer.headers.get('docker-content-digest')).toBe(digest);
  const pulled = await registry.send('GET', locationOf(answer));
  expect([pulled.status, pulled.body.equals(content)]).toEqual([200, true]);
}

export async function blobPostOnly(pushing: Pushing): Promise<void> {
  const { registry, repository, digest, content } = pushing;
  const path = `/v2/${repository}/blobs/uploads/?digest=${digest}`;
  await ended(pushing, await registry.send('POST', path, { headers: octets, body: content }));
}

export async function blobPostPut(pushing: Pushing): Promise<void> {
  const { registry, digest, content } = pushing;
  const location = locationOf(await begin(pushing), { digest });
  await ended(pushing, await registry.send('PUT', location, { headers: octets, body: content }));
}

export async function blobPatchStream(pushing: Pushing): Promise<void> {
  const { registry, digest, content } = pushing;
  const patched = await registry.send('PATCH', locationOf(await begin(pushing)), { headers: octets, body: content });
  expect(patched.status).toBe(202);
  await ended(pushing, await registry.send('PUT', locationOf(patched, { digest }), { headers: octets }));
}

export interface Chunking {
  readonly chunkSize: number;
  /** The last chunk rides in the closing PUT. */
  readonly putLastChunk?: boolean;
  /** Before each chunk, one that does not belong there: 416, and the status of the upload says where to go on. */
  readonly outOfOrder?: boolean;
}

export async function blobPatchChunked(pushing: Pushing, chunking: Chunking): Promise<void> {
  const { registry, digest, content } = pushing;
  const { chunkSize, putLastChunk = false, outOfOrder = false } = chunking;
  let answer = await begin(pushing);
  for (let start = 0; start < content.length; start += chunkSize) {
    if (outOfOrder) answer = await refusedChunk(pushing, answer, start, chunking);
    const isLast = start + chunkSize >= content.length;
    const closes = isLast && putLastChunk;
    const location = locationOf(answer, closes ? { digest } : {});
    answer = await registry.send(closes ? 'PUT' : 'PATCH', location, chunk(content, start, chunkSize));
    if (closes) return ended(pushing, answer);
    expect([answer.status, answer.headers.get('range')]).toEqual([
      202,
      `0-${String(Math.min(start + chunkSize, content.length) - 1)}`,
    ]);
  }
  await ended(pushing, await registry.send('PUT', locationOf(answer, { digest }), { headers: octets }));
}

function chunk(content: Buffer, start: number, size: number) {
  const body = content.subarray(start, start + size);
  return { headers: { ...octets, 'Content-Range': `${String(start)}-${String(start + body.length - 1)}` }, body };
}

/** @returns the status of the upload, whose Location the next chunk goes to */
async function refusedChunk(
  { registry, content, digest }: Pushing,
  answer: Answer,
  start: number,
  { chunkSize, putLastChunk = false }: Chunking,
): Promise<Answer> {
  const wrong = start + chunkSize < content.length ? start + chunkSize : 0;
  const closes = putLastChunk && wrong + chunkSize >= content.length;
  const location = locationOf(answer, closes ? { digest } : {});
  const refused = await registry.send(closes ? 'PUT' : 'PATCH', location, chunk(content, wrong, chunkSize));
  expect(refused.status).toBe(416);
  const status = await registry.send('GET', locationOf(refused));
  expect([status.status, status.headers.get('range')]).toEqual([204, `0-${String(Math.max(start - 1, 0))}`]);
  return status;
}

export async function blobPostCancel({ registry, ...pushing }: Pushing): Promise<void> {
  const location = locationOf(await begin({ registry, ...pushing }));
  expect((await registry.send('DELETE', location)).status).toBe(204);
  expect((await registry.send('GET', location)).status).toBe(404);
}

/** @param from the other repository; undefined for a mount that does not name it */
export async function blobMount(pushing: Pushing, from: string | undefined): Promise<void> {
  const { registry, repository, digest } = pushing;
  const source = from === undefined ? '' : `&from=${from}`;
  await ended(pushing, await registry.send('POST', `/v2/${repository}/blobs/uploads/?mount=${digest}${source}`));
}

/** Nothing to mount: an upload begins instead, and takes the blob. */
export async function blobMountMissing(pushing: Pushing, from: string): Promise<void> {
  const { registry, repository, digest, content } = pushing;
  const answer = await registry.send('POST', `/v2/${repository}/blobs/uploads/?mount=${digest}&from=${from}`);
  expect(answer.status).toBe(202);
  const location = locationOf(answer, { digest });
  await ended(pushing, await registry.send('PUT', location, { headers: octets, body: content }));
}

/** Pushes the blobs of a set, then its first manifest under these tags. */
export async function pushSet(
  { registry, repository }: Pick<Pushing, 'registry' | 'repository'>,
  set: DataSet,
  names: readonly string[],
): Promise<void> {
  for (const [digest, content] of set.blobs) await blobPostPut({ registry, repository, digest, content });
  for (const name of names) {
    const headers = { 'Content-Type': types.image };
    const body = set.manifests[0]?.text ?? '';
    const put = registry.send('PUT', `/v2/${repository}/manifests/${name}`, { headers, body });
    expect(await statusOf(put)).toBe(201);
  }
}
