import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as ask, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { consoleFiles } from './console-files.ts';

let folder: string;
let server: Server;
let port: number;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'escale-console-'));
  await mkdir(path.join(folder, 'assets'));
  await writeFile(path.join(folder, 'index.html'), '<!doctype html><title>the page</title>');
  await writeFile(path.join(folder, 'icon.svg'), '<svg/>');
  await writeFile(path.join(folder, 'assets/index-abc.js'), 'script');
  await writeFile(path.join(folder, 'assets/gone-abc.js'), 'script');
  server = createServer(consoleFiles(folder));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' ? (address?.port ?? 0) : 0;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly caching: string;
  readonly body: string;
}

/** The path goes as it is, which `fetch` would not do. */
const get = (path: string, accept?: string, method = 'GET', more: Readonly<Record<string, string>> = {}) =>
  new Promise<Answer>((resolve, reject) => {
    const headers = { ...(accept !== undefined && { Accept: accept }), ...more };
    ask({ port, host: '127.0.0.1', path, method, headers }, (answer) => {
      let body = '';
      answer.on('data', (data: Buffer) => (body += data.toString()));
      answer.on('end', () => {
        const { 'content-type': type = '', 'cache-control': caching = '' } = answer.headers;
        resolve({ status: answer.statusCode ?? 0, type, caching, body });
      });
    })
      .on('error', reject)
      .end();
  });
const page = {
  status: 200,
  type: 'text/html;charset=utf-8',
  caching: 'no-store',
  body: expect.stringContaining('the page') as string,
};
const notFound = {
  status: 404,
  type: 'application/json; charset=utf-8',
  caching: 'no-store',
  body: expect.stringMatching(/^\{"errors":\[\{"code":"NOT_FOUND"/) as string,
};

test.each([
  ...['/', '/?x=1', '/index.html', '/sign-in', '/repositories/acme/app', '/repositories/acme/node.js', '/users/al.ice'],
  ...[
    '/repositories/acme/app-1.0.png/tags',
    '/organizations/acme/teams/v1',
    '/search?q=a.b',
    '/no/such/page',
    '/new/repository',
  ],
])('%s is the page to a browser, and to a program that takes anything', async (path) => {
  for (const accept of [browser, '*/*', undefined, 'text/*', 'application/json;q=0.5, text/html;q=0.1'])
    expect([accept, await get(path, accept)]).toEqual([accept, page]);
});

test.each([
  ...[
    '/v1/_ping',
    '/v1/search?q=x',
    '/v1',
    '/V1/repositories/app/images',
    '/v3/',
    '/V2/',
    '//v1/_ping',
    '/%761/_ping',
    '/./v1/',
    '/v0.1/servers',
    '/v1alpha1/x',
    '/v2beta/',
    '/V2-next',
  ],
  ...['/service/token', '/extensions/v2', '/chartrepo/x/index', '/artifactory/api/docker/x'],
  ...[
    '/api/',
    '/api/v1/repository',
    '/api/v2.0/systeminfo',
    '/apis/x',
    '/.well-known/openid-configuration',
    '/.well-known/',
  ],
  ...[
    '/%2ewell-known/x',
    '/.git/config',
    '/.env',
    '/x/../v1/',
    '/_catalog',
    '/token',
    '/oauth2/token',
    '/healthz',
    '/metrics',
  ],
  ...['/realms/escale/.well-known/openid-configuration', '/health', '/graphql', '/auth'],
  ...[
    '/favicon.png',
    '/favicon.ico',
    '/robots.txt',
    '/apple-touch-icon.png',
    '/sitemap.xml',
    '/wp-login.php',
    '/x/y.json',
  ],
  ...['/assets/', '/assets/index-old.js', '/assets/no-extension', '/assets/index-old.css?x', '/%zz', '/%'],
])('%s is not found, whoever asks', async (path) => {
  for (const accept of [browser, '*/*', undefined, 'application/json'])
    expect([accept, await get(path, accept)]).toEqual([accept, notFound]);
});

test.each(['/', '/index.html', '/%69ndex.html', '/index', '/repositories/acme/app', '/no/such/page', '//', '/?x'])(
  '%s is not found for a program that does not take HTML',
  async (path) => {
    for (const accept of [
      'application/json',
      'image/png, image/*',
      'text/plain',
      'text/html;q=0',
      'text/html;q=0.000,application/json',
    ])
      expect([accept, await get(path, accept)]).toEqual([accept, notFound]);
  },
);

test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'])('%s is refused with a body', async (method) => {
  for (const path of ['/', '/repositories/acme/app', '/v1/users/', '/icon.svg'])
    expect(await get(path, browser, method)).toMatchObject({ status: 405, type: notFound.type });
});

test('files are served to whoever asks for them, and those with a hash in their name are kept', async () => {
  expect(await get('/assets/index-abc.js', 'application/json')).toMatchObject({ status: 200, body: 'script' });
  expect((await get('/assets/index-abc.js', '*/*')).caching).toContain('immutable');
  expect(await get('/icon.svg', 'image/*')).toMatchObject({ status: 200, body: '<svg/>', caching: 'no-store' });
});

test('HEAD is answered as GET is, without the body', async () => {
  expect(await get('/v1/_ping', '*/*', 'HEAD')).toEqual({ ...notFound, body: '' });
  expect(await get('/repositories/acme/app', browser, 'HEAD')).toMatchObject({ status: 200, type: page.type });
});

test.each(['bytes=9-1', 'bytes=0-99999999999999999999', 'bytes=-5', 'bytes=1-2,4-5', 'bytes=999-', 'lines=x'])(
  'the range %s gets the whole file, and the server goes on',
  async (range) => {
    expect(await get('/icon.svg', browser, 'GET', { Range: range })).toMatchObject({ status: 200, body: '<svg/>' });
    expect(await get('/', browser, 'HEAD', { Range: range })).toMatchObject({ status: 200 });
    expect(await get('/', browser)).toEqual(page);
  },
);

test('a file that is gone ends its connection alone', async () => {
  await rm(path.join(folder, 'assets/gone-abc.js'));
  await expect(get('/assets/gone-abc.js', browser)).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(await get('/', browser)).toEqual(page);
});
