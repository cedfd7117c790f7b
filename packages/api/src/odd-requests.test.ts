import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAnswer, startTestApi, type Caller, type TestApi } from './testing/test-api.ts';

/** Requests outside of GraphQL that PostgreSQL, JavaScript or a decoder takes exception to: never a failure on our side. */
let api: TestApi;
let alice: Caller;
let nobody: Caller;
beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice' });
  nobody = api.caller();
});
afterAll(() => api.close());

const query = '{"query":"{ viewer { username } }"}';
const post = (body: Buffer<ArrayBuffer> | string, headers: Record<string, string>) =>
  alice.fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-escale-csrf': '1', ...headers },
    body,
  });
const gzip = (content: string | Buffer) => Buffer.from(gzipSync(content));

describe('a Content-Encoding of a GraphQL request', () => {
  test.each([
    ['gzip', gzip(query)],
    ['br', Buffer.from(brotliCompressSync(query))],
    ['identity', Buffer.from(query)],
  ])('%s is undone', async (encoding, body) => {
    const answer = await readAnswer(await post(body, { 'content-encoding': encoding }));
    expect([answer.status, answer.data]).toEqual([200, { viewer: { username: 'alice' } }]);
  });

  test.each([
    ['a cut gzip', 'gzip', gzip(query).subarray(0, 15), 400],
    ['no gzip', 'gzip', Buffer.from(query), 400],
    ['a damaged gzip', 'gzip', Buffer.concat([gzip(query).subarray(0, -8), Buffer.alloc(8)]), 400],
    ['no deflate', 'deflate', Buffer.from(query), 400],
    ['no brotli', 'br', Buffer.from(query), 400],
    ['zstd', 'zstd', Buffer.from(query), 415],
    ['a name of the language', '__proto__', Buffer.from(query), 415],
    ['a bomb', 'gzip', gzip(Buffer.alloc(50_000_000)), 413],
  ])('%s is refused with the reason', async (_, encoding, body, status) => {
    for (const accept of ['application/json', 'text/event-stream']) {
      const answer = await readAnswer(await post(Buffer.from(body), { 'content-encoding': encoding, accept }));
      expect([answer.status, answer.errors[0]?.extensions.code]).toEqual([status, 'BAD_REQUEST']);
      expect(answer.errors[0]?.message).toMatch(/Content-Encoding|larger than/);
    }
  });

  test('of a form is undone or refused as well', async () => {
    const revoke = (body: Buffer<ArrayBuffer>) =>
      nobody.fetch('/auth/revoke', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' },
        body,
      });
    expect((await revoke(gzip('token=unknown'))).status).toBe(200);
    expect((await revoke(Buffer.from('token=unknown'))).status).toBe(400);
    expect((await revoke(Buffer.from(gzip('token=unknown').subarray(0, 12)))).status).toBe(400);
  });
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
    '9'.repeat(400),
    'x'.repeat(5000),
    '%20',
    '[]',
    '%0d%0a',
  ],
  ...['%F0%9F%98%80', '%E2%80%AE', "'", '%22', '..%2f', '__proto__', '00000000-0000-0000-0000-000000000000', 'a.b.c'],
];

test.each([
  ['GET', (value: string) => `/auth/login?returnTo=${value}`],
  ['GET', (value: string) => `/auth/login?${value}`],
  ['GET', (value: string) => `/auth/callback?code=${value}&state=${value}`],
  ['GET', (value: string) => `/auth/callback?error=${value}&error_description=${value}&state=x`],
  ['GET', (value: string) => `/auth/${value}`],
  ['GET', (value: string) => `/graphql/exports/${value}`],
  [
    'GET',
    (value: string) => `/graphql/exports/00000000-0000-0000-0000-000000000000?signature=${value}&expires=${value}`,
  ],
  ['GET', (value: string) => `/graphql?query=${value}&variables=${value}&operationName=${value}`],
] as const)('%s %s answers whatever is in it', async (method, target) => {
  for (const value of odd)
    for (const accept of ['application/json', 'text/event-stream'])
      for (const caller of [alice, nobody]) {
        const path = target(value);
        const answer = await caller.fetch(path, { method, headers: { accept, 'x-escale-csrf': '1' } });
        expect([path, answer.status < 500]).toEqual([path, true]);
        await answer.body?.cancel();
      }
});

test('forms of /auth answer whatever is in them', async () => {
  for (const path of ['/auth/revoke', '/auth/backchannel-logout', '/auth/logout'])
    for (const value of odd)
      for (const name of ['token', 'logout_token', value]) {
        const answer = await nobody.fetch(path, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: `${name}=${value}&${name}=${value}`,
        });
        expect([path, value, answer.status < 500]).toEqual([path, value, true]);
      }
});

test.each([
  'cookie',
  'authorization',
  'accept',
  'content-type',
  'origin',
  'user-agent',
  'x-request-id',
  'accept-language',
])('the header %s may say anything', async (name) => {
  for (const value of [
    '',
    ' ',
    '"',
    '*/*;q=',
    ';;;',
    ',,,',
    '=',
    'Bearer',
    'Bearer ..',
    'Basic Ojo=',
    '\u00ff',
    'x'.repeat(9000),
    `escale-session=${'%'.repeat(9)}`,
  ]) {
    const answer = await nobody.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-escale-csrf': '1', [name]: value },
      body: query,
    });
    expect([value, answer.status < 500]).toEqual([value, true]);
    await answer.body?.cancel();
  }
});
