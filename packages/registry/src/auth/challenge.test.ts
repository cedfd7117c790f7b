import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { digestOf } from '../testing/registry-client.ts';
import { openAcme, type AcmeScene } from '../testing/acme-scene.ts';

let acme: AcmeScene;
beforeAll(async () => {
  acme = await openAcme(inject('databaseServerUrl'));
  await acme.pushImage('acme/app', '1');
});
afterAll(() => acme.close());

const digest = digestOf('x');
const nonsense = `Basic ${Buffer.from('$app:nonsense').toString('base64')}`;

/** As clients read the header: every `name="value"` that it holds, the last one of a name wins. */
const readByPattern = (header: string) =>
  Object.fromEntries([...header.matchAll(/(\w+)="([^"]+)"/g)].map(([, name, value]) => [name, value]));

test.each([
  ['GET', '/v2/', undefined],
  ['GET', '/v2/', 'Bearer nonsense'],
  ['GET', '/v2/', nonsense],
  ['GET', '/v2/auth', nonsense],
  ['GET', '/v2/auth?scope=repository:acme/app:pull', 'Bearer nonsense'],
  ['GET', '/v2/_catalog', undefined],
  ['GET', '/v2/acme/app/manifests/1', undefined],
  ['HEAD', '/v2/acme/app/manifests/1', undefined],
  ['GET', `/v2/acme/app/blobs/${digest}`, nonsense],
  ['GET', '/v2/acme/app/tags/list', undefined],
  ['GET', `/v2/acme/app/referrers/${digest}`, undefined],
  ['POST', '/v2/acme/app/blobs/uploads/', undefined],
  ['POST', `/v2/acme/app/blobs/uploads/?mount=${digest}&from=acme/other`, undefined],
  ['PUT', '/v2/acme/app/manifests/1', undefined],
  ['DELETE', '/v2/acme/app/manifests/1', undefined],
])('%s %s, 401, offers Bearer alone', async (method, path, as) => {
  const answer = await acme.send(method, path, as === undefined ? {} : { as });
  const header = answer.headers.get('www-authenticate') ?? '';
  expect([answer.status, header.split(' ')[0]]).toEqual([401, 'Bearer']);
  expect(header).not.toMatch(/basic/i);
  const { origin, host } = new URL(acme.registry.url);
  expect(readByPattern(header)).toMatchObject({ realm: `${origin}/v2/auth`, service: host });
  expect(header.match(/realm=/g)).toHaveLength(1);
});

test('Basic credentials are accepted although they are not offered', async () => {
  for (const path of ['/v2/', '/v2/acme/app/manifests/1', '/v2/acme/app/tags/list'])
    expect((await acme.send('GET', path, { as: acme.writer })).status).toBe(200);
});
