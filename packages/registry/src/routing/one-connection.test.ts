import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { codeOf, openAcme, type AcmeScene } from '../testing/acme-scene.ts';
import { digestOf, imageOf, indexOf, ociIndex, ociManifest } from '../testing/registry-client.ts';
import type { Sent } from '../testing/test-registry.ts';
import { endpoints } from './endpoints.ts';
import { parseRequest } from './parse-request.ts';

/**
 * Every endpoint, over a pool of one connection, by several clients at once: a request that wants a second connection while it
 * holds one would wait for itself, and all others with it.
 */
let acme: AcmeScene;
const reached = new Set<string>();

beforeAll(async () => {
  acme = await openAcme(inject('databaseServerUrl'), { connections: 1 });
});
afterAll(() => acme.close());

async function send(status: number, method: string, path: string, options: Sent = {}): Promise<Response> {
  const url = new URL(path, acme.registry.url);
  reached.add(parseRequest(method, url.pathname, url.searchParams).kind);
  const answer = await acme.send(method, path, { as: acme.writer, ...options });
  if (answer.status !== status)
    expect([method, path, answer.status, await codeOf(answer)]).toEqual([method, path, status]);
  return answer;
}

/** What a pipeline does with a repository, from its first push to the last deletion. */
async function journey(number: number): Promise<void> {
  const repository = `acme/app${String(number)}`;
  const uploads = `/v2/${repository}/blobs/uploads/`;
  await send(200, 'GET', `/v2/auth?service=registry&scope=repository:${repository}:pull,push`);
  await send(200, 'GET', '/v2/');
  const content = `layer of ${repository}`;
  const begun = (await send(202, 'POST', uploads)).headers.get('location') ?? '';
  await send(202, 'PATCH', begun, { body: content });
  await send(204, 'GET', begun);
  await send(201, 'PUT', `${begun}?digest=${digestOf(content)}`);
  const given = (await send(202, 'POST', uploads)).headers.get('location') ?? '';
  await send(204, 'DELETE', given);
  await send(201, 'POST', `${uploads}?digest=${digestOf('{}')}`, { body: '{}' });
  await send(
    201,
    'POST',
    `/v2/acme/copy${String(number)}/blobs/uploads/?mount=${digestOf(content)}&from=${repository}`,
  );
  const image = imageOf([content]);
  const put = (reference: string, body: string, type: string) =>
    send(201, 'PUT', `/v2/${repository}/manifests/${reference}`, { headers: { 'Content-Type': type }, body });
  await put('1', image, ociManifest);
  await put('1', indexOf([image]), ociIndex);
  await put('2', image, ociManifest);
  for (const method of ['HEAD', 'GET']) {
    await send(200, method, `/v2/${repository}/manifests/2`);
    await send(200, method, `/v2/${repository}/blobs/${digestOf(content)}`);
  }
  await send(200, 'GET', `/v2/${repository}/tags/list`);
  await send(200, 'GET', `/v2/${repository}/referrers/${digestOf(image)}`);
  await send(200, 'GET', '/v2/_catalog');
  await send(202, 'DELETE', `/v2/${repository}/manifests/2`);
  await send(202, 'DELETE', `/v2/${repository}/manifests/${digestOf(indexOf([image]))}`);
  await send(202, 'DELETE', `/v2/${repository}/manifests/${digestOf(image)}`);
  await send(202, 'DELETE', `/v2/${repository}/blobs/${digestOf(content)}`);
}

test('every endpoint is answered', async () => {
  await Promise.all(Array.from({ length: 10 }, (_, number) => journey(number)));
  expect([...reached].sort()).toEqual(Object.keys(endpoints).sort());
});

test('pushes to one tag take turns', async () => {
  await acme.pushImage('acme/app', 'latest', ['first']);
  const images = Array.from({ length: 10 }, (_, number) =>
    imageOf(['first'], { annotations: { number: String(number) } }),
  );
  const headers = { 'Content-Type': ociManifest };
  await Promise.all(images.map((body) => send(201, 'PUT', '/v2/acme/app/manifests/latest', { headers, body })));
});
