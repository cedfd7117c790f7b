import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { anonymous } from '@escale/domain/access';
import { buildUser } from '@escale/schema/testing';
import { digestOf, imageOf, ociManifest } from './testing/registry-client.ts';
import { openTestRegistry, type TestRegistry } from './testing/test-registry.ts';

/** Values that PostgreSQL, JavaScript or a decoder takes exception to: a refusal or a result, never a failure on our side. */
let registry: TestRegistry;
let as: string;
let repository: string;
beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'));
  const user = await buildUser(registry.contextOf(anonymous).em);
  as = await registry.applicationToken(user);
  repository = `${user.username}/app`;
  for (const blob of ['{}', 'layer'])
    await registry.send('POST', `/v2/${repository}/blobs/uploads/?digest=${digestOf(blob)}`, { as, body: blob });
  expect((await put('1', manifest)).status).toBe(201);
});
afterAll(() => registry.close());

const manifest = imageOf(['layer']);
const put = (reference: string, body: string | Buffer<ArrayBuffer>, headers: Record<string, string> = {}) =>
  registry.send('PUT', `/v2/${repository}/manifests/${reference}`, {
    as,
    body,
    headers: { 'Content-Type': ociManifest, ...headers },
  });

const odd = [
  ...[
    '',
    '%00',
    'a%00b',
    '%ED%A0%80',
    '%FF%FE',
    '%',
    '%zz',
    '-1',
    '0',
    '1e999',
    '9'.repeat(400),
    'x'.repeat(5000),
    '%20',
  ],
  ...[
    '%F0%9F%98%80',
    '%E2%80%AE',
    "'",
    '%22',
    '..',
    '__proto__',
    'sha256:',
    `sha256:${'0'.repeat(64)}`,
    '[]',
    '%0d%0a',
  ],
];
const digest = `sha256:${'0'.repeat(64)}`;
const upload = randomUUID();

describe('an answer comes for whatever is in', () => {
  test.each([
    ['GET', (value: string) => `/v2/REPO/tags/list?last=${value}`],
    ['GET', (value: string) => `/v2/REPO/tags/list?n=${value}`],
    ['GET', (value: string) => `/v2/_catalog?n=1&last=${value}`],
    ['GET', (value: string) => `/v2/REPO/referrers/${digest}?artifactType=${value}`],
    ['GET', (value: string) => `/v2/REPO/referrers/${digest}?last=${value}`],
    ['GET', (value: string) => `/v2/REPO/referrers/${value}`],
    ['GET', (value: string) => `/v2/REPO/manifests/${value}`],
    ['DELETE', (value: string) => `/v2/REPO/manifests/${value}`],
    ['GET', (value: string) => `/v2/REPO/blobs/${value}`],
    ['DELETE', (value: string) => `/v2/REPO/blobs/${value}`],
    ['GET', (value: string) => `/v2/REPO/blobs/uploads/${value}`],
    ['PATCH', (value: string) => `/v2/REPO/blobs/uploads/${value}`],
    ['PUT', (value: string) => `/v2/REPO/blobs/uploads/${value}?digest=${digest}`],
    ['PUT', (value: string) => `/v2/REPO/blobs/uploads/${upload}?digest=${value}`],
    ['DELETE', (value: string) => `/v2/REPO/blobs/uploads/${value}`],
    ['POST', (value: string) => `/v2/REPO/blobs/uploads/?digest=${value}`],
    ['POST', (value: string) => `/v2/REPO/blobs/uploads/?digest-algorithm=${value}`],
    ['POST', (value: string) => `/v2/REPO/blobs/uploads/?mount=${value}&from=REPO`],
    ['POST', (value: string) => `/v2/REPO/blobs/uploads/?mount=${digest}&from=${value}`],
    ['PUT', (value: string) => `/v2/REPO/manifests/${digest}?tag=${value}`],
    ['GET', (value: string) => `/v2/${value}/tags/list`],
    ['POST', (value: string) => `/v2/${value}/blobs/uploads/`],
    ['GET', (value: string) => `/v2/auth?scope=${value}`],
    ['GET', (value: string) => `/v2/auth?scope=repository:${value}:pull`],
    ['GET', (value: string) => `/v2/auth?service=${value}&account=${value}&client_id=${value}`],
  ] as const)('%s %s', async (method, target) => {
    for (const value of odd)
      for (const who of [{ as }, {}]) {
        const path = target(value).replaceAll('REPO', repository);
        const answer = await registry.send(method, path, who);
        expect([path, answer.status < 500]).toEqual([path, true]);
        await answer.arrayBuffer();
      }
  });

  test('the forms of the token service', async () => {
    for (const value of odd)
      for (const field of ['username', 'password', 'refresh_token', 'scope', 'service', 'client_id', 'grant_type'])
        for (const grant of ['password', 'refresh_token']) {
          const answer = await registry.send('POST', '/v2/auth', {
            headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
            body: `grant_type=${grant}&username=$app&password=x&refresh_token=x&${field}=${value}`,
          });
          expect([field, value, answer.status < 500]).toEqual([field, value, true]);
        }
  });

  test('credentials', async () => {
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    const given = [
      '\0:x',
      '$app:\0',
      'a\0b:c',
      '$oauthtoken:\0',
      `${'x'.repeat(9000)}:y`,
      ':',
      '\ud800:x',
      'a+b:\ufffd',
    ];
    for (const Authorization of [
      ...given.map(basic),
      'Basic',
      'Basic ====',
      'Bearer',
      'Bearer ..',
      'Bearer eyJ.eyJ.',
      'x',
    ])
      for (const path of ['/v2/', '/v2/auth', `/v2/${repository}/tags/list`]) {
        const answer = await registry.send('GET', path, { headers: { Authorization } });
        expect([Authorization, answer.status < 500]).toEqual([Authorization, true]);
      }
  });

  test.each([
    'Range',
    'Content-Range',
    'If-Match',
    'If-None-Match',
    'Accept',
    'Content-Type',
    'User-Agent',
    'X-Request-Id',
    'Content-Encoding',
  ])('the header %s', async (name) => {
    const values = [
      '',
      ' ',
      '"',
      '""',
      '*',
      'bytes=-',
      'bytes=0-',
      '0-',
      '-',
      '9'.repeat(400),
      'x'.repeat(5000),
      '\u00ff',
      ';',
      ',,,',
    ];
    for (const value of values)
      for (const [method, path] of [
        ['GET', `/v2/${repository}/manifests/1`],
        ['GET', `/v2/${repository}/blobs/${digestOf('layer')}`],
        ['PUT', `/v2/${repository}/manifests/2`],
        ['PATCH', `/v2/${repository}/blobs/uploads/${upload}`],
      ] as const) {
        const body = method === 'GET' ? {} : { body: 'x' };
        const answer = await registry.send(method, path, { as, headers: { [name]: value }, ...body });
        expect([value, path, answer.status < 500]).toEqual([value, path, true]);
        await answer.arrayBuffer();
      }
  });
});

describe('a Content-Encoding', () => {
  const form = 'grant_type=of-a-kind-that-is-not-supported';
  const post = (body: Buffer<ArrayBuffer>, encoding: string) =>
    registry.send('POST', '/v2/auth', {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Encoding': encoding },
      body,
    });

  test('of a form is undone, or refused with the reason', async () => {
    const decoded = await post(Buffer.from(gzipSync(form)), 'gzip');
    expect([decoded.status, await decoded.text()]).toEqual([400, expect.stringContaining('takes grant_type=')]);
    const answers = [
      await post(Buffer.from(gzipSync(form).subarray(0, 20)), 'gzip'),
      await post(Buffer.from(form), 'gzip'),
      await post(Buffer.from(form), 'br'),
      await post(Buffer.from(form), 'rot13'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 415]);
    for (const answer of answers) expect(await answer.text()).toContain('Content-Encoding');
  });

  test('of a manifest is refused', async () => {
    const answer = await put('3', Buffer.from(gzipSync(manifest)), { 'Content-Encoding': 'gzip' });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('without a Content-Encoding')]);
  });
});
