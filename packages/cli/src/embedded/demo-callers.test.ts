import { createServer, request, type Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoCallers, onlyForThisMachine } from './demo-callers.ts';

/** An address of this machine that is not loopback; containers and laptops without a network have none. */
const ownAddress = Object.values(networkInterfaces())
  .flat()
  .find((one) => one && !one.internal && one.family === 'IPv4')?.address;

let open: Server;
let opened: Server;
beforeAll(async () => {
  const handler = (_request: unknown, response: { end: (text: string) => void }) => {
    response.end('the sign-in form');
  };
  open = createServer(onlyForThisMachine([], handler as never));
  opened = createServer(onlyForThisMachine(['10.1.0.0/16', ownAddress ?? '10.2.0.1'], handler as never));
  for (const server of [open, opened])
    await new Promise<void>((resolve) => {
      server.listen(0, '0.0.0.0', resolve);
    });
});
afterAll(() => {
  open.close();
  opened.close();
});

function ask(
  server: Server,
  headers: Record<string, string>,
  host = '127.0.0.1',
): Promise<{ status: number; text: string }> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    request({ host, port, path: '/realms/escale/', headers, setHost: false }, (answer) => {
      let text = '';
      answer.on('data', (data: Buffer) => (text += data.toString()));
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, text });
      });
    })
      .on('error', reject)
      .end();
  });
}

describe('the demo identity provider', () => {
  test.each(['localhost', 'localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'LOCALHOST'])(
    'answers this machine as %s',
    async (host) => {
      expect(await ask(open, { host })).toEqual({ status: 200, text: 'the sign-in form' });
    },
  );

  test.each([
    ['another name, as after DNS rebinding', { host: 'evil.example' }],
    ['an address of a network', { host: '192.168.1.5:8080' }],
    ['a name that begins like it', { host: 'localhost.evil.example' }],
    ['a proxy that serves another name', { host: 'localhost', 'x-forwarded-host': 'registry.example.org' }],
    ['a proxy that says where it comes from', { host: 'localhost', 'x-forwarded-for': '203.0.113.7' }],
    ['one of several hops', { host: 'localhost', 'x-forwarded-for': '127.0.0.1, 203.0.113.7' }],
    ['another header of proxies', { host: 'localhost', 'x-real-ip': '203.0.113.7' }],
    ['the standard header', { host: 'localhost', forwarded: 'for=127.0.0.1;proto=http, for="[2001:db8::1]:443"' }],
    ['a hidden hop', { host: 'localhost', forwarded: 'for=unknown' }],
  ])('refuses %s', async (_what, headers: Record<string, string>) => {
    const { status, text } = await ask(open, headers);
    expect(status).toBe(403);
    expect(text).toContain('ESCALE_OIDC_ISSUER');
    expect(text).not.toContain('form');
  });

  test('takes a proxy on this machine that speaks for this machine', async () => {
    const headers = {
      host: 'localhost',
      'x-forwarded-for': '127.0.0.1:4711, ::1',
      'x-forwarded-host': 'localhost:8080',
    };
    expect((await ask(open, { ...headers, forwarded: 'for="[::1]:4711"' })).status).toBe(200);
  });

  test('answers networks that the operator named, and no others', async () => {
    expect((await ask(opened, { host: 'localhost', 'x-forwarded-for': '10.1.2.3' })).status).toBe(200);
    expect((await ask(opened, { host: 'localhost', 'x-forwarded-for': '10.9.2.3' })).status).toBe(403);
  });

  // The header cannot be believed: the address of the connection decides.
  test('refuses a connection over the network whatever name it claims', async () => {
    const refusal = await ask(open, { host: 'localhost' }, ownAddress ?? '127.0.0.2');
    if (ownAddress === undefined) {
      expect(refusal.status).toBe(200);
      return;
    }
    expect(refusal.status).toBe(403);
    expect(refusal.text).toContain(`you are ${ownAddress}`);
    expect(refusal.text).toContain('ESCALE_DEMO_NETWORKS');
    expect((await ask(opened, { host: 'localhost' }, ownAddress)).status).toBe(200);
  });
});

test.each(['everybody', '0.0.0.0/0', '10.0.0.0/33', '10.0.0.0/x', '::/0'])(
  '%s is not a network to open it to',
  (network) => {
    expect(() => demoCallers([network])).toThrow(/is not a network/);
  },
);
