import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openFrontDoor, type FrontDoor } from './front-door.ts';
import type { RequestCounts } from './metrics/request-counts.ts';

const failures = vi.fn();
const uncounted = { watch: () => undefined } as unknown as RequestCounts;
let door: FrontDoor;
afterEach(() => door.close());

async function openDoor(externalUrl: string, isReady = true): Promise<void> {
  const config = { ESCALE_HOST: '127.0.0.1', ESCALE_PORT: 0, ESCALE_CONNECTIONS: 1000, externalUrl, alsoKnownAs: [] };
  door = await openFrontDoor({ ...config, ESCALE_TRUSTED_PROXIES: [] }, uncounted, { error: failures });
  const policy = 'of its own';
  if (!isReady) return;
  door.open({
    registry: (_request, response) => response.writeHead(500, { 'Content-Type': 'text/plain' }).end('failed'),
    api: ({ url }, response) => {
      if (url === '/auth/broken') throw new Error('the handler is broken');
      response.end('{}');
    },
    health: (_request, response) => response.end('{}'),
    console: (_request, response) => response.setHeader('Content-Security-Policy', policy).end('page'),
  });
}

/** @returns the head of what came back to these bytes, in lower case */
async function send(bytes: string): Promise<string> {
  const { port } = door.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  const [head = ''] = (await text(socket)).split('\r\n\r\n');
  return head.toLowerCase();
}

const get = (path: string, more = '') =>
  `GET ${path} HTTP/1.1\r\nHost: escale.example\r\nConnection: close\r\n${more}\r\n`;
const strange = (lines: string) => `${lines}\r\n\r\n`;

const requests = [
  ['the registry, where it fails', get('/v2/'), 500],
  ['the management API', get('/graphql'), 200],
  ['a sign-in', get('/auth/login'), 200],
  ['a handler that throws', get('/auth/broken'), 500],
  ['health', get('/health/live'), 200],
  ['a demo identity provider that is not there', get('/realms/escale/x'), 200],
  ['another host', strange('GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close'), 400],
  ['two hosts', strange('GET / HTTP/1.1\r\nHost: a\r\nHost: b'), 400],
  ['no host', strange('GET / HTTP/1.1\r\nConnection: close'), 400],
  ['a whole address', strange('GET http://evil.example/ HTTP/1.1\r\nHost: escale.example'), 400],
  ['a long request line', get(`/${'x'.repeat(17_000)}`), 431],
  ['a head that is too large', get('/', `X-Filling: ${'x'.repeat(140_000)}\r\n`), 431],
  ['what is no HTTP', strange('hello'), 400],
  ['both lengths', get('/', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n'), 400],
  ['CONNECT', strange('CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443'), 405],
  ['an expectation', get('/v2/', 'Expect: a-miracle\r\n'), 417],
] as const;

test.each(['/health/ready?verbose', '/health/live?'])('a probe may ask %s', async (path) => {
  await openDoor('https://escale.example');
  const head = await send(get(path));
  expect(head.slice(0, 12)).toBe('http/1.1 200');
  expect(head).not.toContain('of its own');
});

test('a process that is starting is alive, however a probe asks', async () => {
  await openDoor('https://escale.example', false);
  expect((await send(get('/health/live?verbose'))).slice(0, 12)).toBe('http/1.1 200');
  expect((await send(get('/health/ready?verbose'))).slice(0, 12)).toBe('http/1.1 503');
});

describe('every answer tells browsers what not to do with it', () => {
  test.each(requests)('%s', async (_, bytes, status) => {
    await openDoor('https://escale.example');
    const head = await send(bytes);
    expect(head.slice(0, 12)).toBe(`http/1.1 ${String(status)}`);
    expect(head).toContain('\r\ncontent-security-policy: ');
    expect(head).toContain('\r\nx-frame-options: deny');
    expect(head).toContain('\r\nx-content-type-options: nosniff');
    expect(head).toContain('\r\nreferrer-policy: same-origin');
    expect(head).toContain('\r\nstrict-transport-security: max-age=31536000');
  });

  test('while the product is starting', async () => {
    await openDoor('https://escale.example', false);
    const head = await send(get('/v2/'));
    expect(head.slice(0, 12)).toBe('http/1.1 503');
    expect(head).toContain("content-security-policy: default-src 'none'");
  });

  test('without the promise of https where browsers come without it', async () => {
    await openDoor('http://escale.example');
    const head = await send(get('/graphql'));
    expect(head).toContain("content-security-policy: default-src 'none'");
    expect(head).not.toContain('strict-transport-security');
  });

  test('the console has a policy of its own', async () => {
    await openDoor('https://escale.example');
    const head = await send(get('/organizations'));
    expect(head.match(/content-security-policy: .*/g)).toEqual(['content-security-policy: of its own']);
  });
});

test('a handler that throws is reported, and others are answered', async () => {
  await openDoor('https://escale.example');
  failures.mockClear();
  await send(get('/auth/broken'));
  expect(failures.mock.calls).toEqual([[{ err: new Error('the handler is broken') }, expect.any(String)]]);
  expect((await send(get('/graphql'))).slice(0, 12)).toBe('http/1.1 200');
});
