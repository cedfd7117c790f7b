import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { buildUser } from '@escale/schema/testing';
import { clientOf, digestOf, type RegistryClient } from '../testing/registry-client.ts';
import { rawRequest } from '../testing/raw-request.ts';
import { openTestRegistry, type TestRegistry } from '../testing/test-registry.ts';
import { OwnOrigins } from './own-origins.ts';

const further = ['http://registry.escale.svc:8080', 'https://mirror.example.org'];

let registry: TestRegistry;
let alice: RegistryClient;
let as: string;
beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'), { alsoKnownAs: further });
  as = await registry.applicationToken(await buildUser(registry.database.orm.em.fork(), { name: 'alice' }));
  alice = clientOf(registry, as);
  await alice.pushImage('alice/app', '1');
  await registry.database.orm.em.getConnection().execute(`update repositories set visibility = 'public'`);
});
afterAll(() => registry.close());

/** A request as it comes over the wire, under any Host. */
const ask = async (host: string, path: string, ...headers: string[]) => {
  const lines = [`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headers];
  return rawRequest(registry.url, `${lines.join('\r\n')}\r\n\r\n`);
};
const realmFor = async (host: string, ...headers: string[]) => {
  const { head } = await ask(host, '/v2/', ...headers);
  return /realm="([^"]*)"/.exec(head)?.[1];
};

test('the token realm is on the name by which the client asks, where that name is in the configuration', async () => {
  expect(await realmFor(new URL(registry.url).host)).toBe(`${registry.url}/v2/auth`);
  expect(await realmFor('registry.escale.svc:8080')).toBe('http://registry.escale.svc:8080/v2/auth');
  expect(await realmFor('Mirror.Example.ORG')).toBe('https://mirror.example.org/v2/auth');
  expect(await realmFor('mirror.example.org:443')).toBe('https://mirror.example.org/v2/auth');
});

test.each([
  ...[
    'evil.example',
    'registry.escale.svc',
    'registry.escale.svc:8081',
    'mirror.example.org:80',
    '10.0.0.1',
    'localhost',
  ],
  ...['mirror.example.org.', 'mirror.example.org.evil.example', 'x@mirror.example.org', 'constructor', ''],
])('for the Host "%s", which is not in the configuration, the realm is on the external URL (T24)', async (host) => {
  const claims = ['X-Forwarded-Host: mirror.example.org', 'Forwarded: host=mirror.example.org;proto=https'];
  expect(await realmFor(host, ...claims)).toBe(`${registry.url}/v2/auth`);
});

test('the service is the same under every name, and a token that was issued under one is good under all', async () => {
  const service = `service="${new URL(registry.url).host}"`;
  for (const host of ['mirror.example.org', 'evil.example', new URL(registry.url).host])
    expect((await ask(host, '/v2/')).head).toContain(service);
  const path = '/v2/auth?service=mirror.example.org&scope=repository:alice/app:pull';
  const { body } = await ask('mirror.example.org', path, `Authorization: ${as}`);
  const bearer = `Authorization: Bearer ${/"token":"([^"]+)"/.exec(body)?.[1] ?? ''}`;
  for (const host of ['registry.escale.svc:8080', new URL(registry.url).host])
    expect((await ask(host, '/v2/alice/app/tags/list', bearer)).status).toBe(200);
});

test('default ports may be written or left out', () => {
  const own = new OwnOrigins({ externalUrl: 'https://registry.example.org', alsoKnownAs: ['http://registry.svc:80'] });
  const origin = 'https://registry.example.org';
  expect([own.find('registry.example.org'), own.find('REGISTRY.example.org:443')]).toEqual([origin, origin]);
  expect(own.find('registry.svc')).toBe('http://registry.svc:80');
  expect(own.find('registry.example.org:80')).toBeUndefined();
  expect(own.forHost(undefined)).toBe(origin);
});

test.each([
  ['GET', '/v2/alice/app/manifests/1'],
  ['HEAD', '/v2/alice/app/manifests/1'],
  ['GET', `/v2/alice/app/blobs/${digestOf('layer')}`],
  ['HEAD', `/v2/alice/app/blobs/${digestOf('layer')}`],
  ['GET', '/v2/alice/app/tags/list'],
  ['GET', `/v2/alice/app/referrers/${digestOf('layer')}`],
  ['GET', '/v2/_catalog'],
  ['GET', '/v2/alpine/manifests/latest'],
])('%s %s with the ns of another registry is not found, whoever asks', async (method, path) => {
  const own = new URL(registry.url).host;
  for (const query of ['ns=docker.io', 'ns=ghcr.io&n=1', `ns=${own}&ns=docker.io`, `ns=${own}.evil.example`, 'ns=%00'])
    for (const client of [alice, clientOf(registry, undefined)]) {
      const { status, code } = await client.send(method, `${path}?${query}`);
      expect([query, status, code]).toEqual([query, 404, method === 'HEAD' ? undefined : 'NAME_UNKNOWN']);
    }
});

test('our own names as ns are served, and said back; an empty one counts as absent', async () => {
  for (const ns of [new URL(registry.url).host, 'registry.escale.svc:8080', 'MIRROR.example.org']) {
    const { status, headers } = await alice.send('GET', `/v2/alice/app/manifests/1?ns=${ns}`);
    expect([ns, status, headers.get('oci-namespace')]).toEqual([ns, 200, ns]);
  }
  const { status, headers } = await alice.send('GET', '/v2/alice/app/manifests/1?ns=');
  expect([status, headers.get('oci-namespace')]).toEqual([200, null]);
});

test('with a foreign ns nothing is pushed or deleted', async () => {
  for (const [method, path] of [
    ['POST', 'blobs/uploads/?ns=docker.io'],
    ['PUT', 'manifests/2?ns=docker.io'],
    ['DELETE', 'manifests/1?ns=docker.io'],
  ] as const)
    expect([method, (await alice.send(method, `/v2/alice/app/${path}`)).status]).toEqual([method, 404]);
  expect((await alice.send('GET', '/v2/alice/app/manifests/1')).status).toBe(200);
});
