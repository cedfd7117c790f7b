import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signIn } from '../support/sign-in.ts';
import { startStack, type Stack } from '../support/stack.ts';

/** T24: what a client says of hosts and of itself changes no address that we give, and no address that we write down. */
let stack: Stack;
beforeAll(async () => {
  stack = await startStack({
    environment: { ESCALE_ALSO_KNOWN_AS: 'registry.escale.svc, https://mirror.example.org' },
  });
});
afterAll(() => stack.stop());

interface Answered {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Byte for byte what is written here: `fetch` would not send most of it. */
async function send(target: string, lines: readonly string[], method = 'GET'): Promise<Answered> {
  const socket = connect(stack.port, '127.0.0.1');
  socket.write(`${[`${method} ${target} HTTP/1.1`, ...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  const [head = '', ...body] = (await text(socket)).split('\r\n\r\n');
  const [first = '', ...fields] = head.split('\r\n');
  return {
    status: Number(first.split(' ')[1]),
    headers: new Map(
      fields.map((field) => {
        const colon = field.indexOf(':');
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const;
      }),
    ),
    body: body.join('\r\n\r\n'),
  };
}

const own = () => `Host: ${stack.host}`;
const evil = 'evil.example';

describe.each([
  ['X-Forwarded-Host', [`X-Forwarded-Host: ${evil}`]],
  ['X-Forwarded-Proto', ['X-Forwarded-Proto: https']],
  ['X-Forwarded-Port', ['X-Forwarded-Port: 666']],
  ['X-Forwarded-Server', [`X-Forwarded-Server: ${evil}`]],
  ['X-Host', [`X-Host: ${evil}`]],
  ['X-Original-URL', [`X-Original-URL: https://${evil}/`, `X-Rewrite-URL: https://${evil}/`]],
  ['Forwarded', [`Forwarded: for=203.0.113.9;host=${evil};proto=https`]],
  ['an Origin and a Referer', [`Origin: https://${evil}`, `Referer: https://${evil}/`]],
] as const)('%s', (_, lines) => {
  test('changes neither the token realm nor where a sign-in leads', async () => {
    const challenge = await send('/v2/', [own(), ...lines]);
    expect([challenge.status, challenge.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining(`realm="${stack.url}/v2/auth"`),
    ]);
    const start = await send('/auth/login', [own(), ...lines]);
    const location = new URL(start.headers.get('location') ?? '');
    expect([location.origin, location.searchParams.get('redirect_uri')]).toEqual([
      stack.url,
      `${stack.url}/auth/callback`,
    ]);
  });
});

describe.each([
  ['a foreign Host', '/', () => [`Host: ${evil}`]],
  ['a foreign Host at the registry', '/v2/', () => [`Host: ${evil}:8080`]],
  ['a foreign Host at the sign-in', '/auth/login', () => [`Host: localhost.${evil}`]],
  [
    'a foreign Host at the demo identity provider',
    '/realms/escale/protocol/openid-connect/auth',
    () => [`Host: ${evil}`],
  ],
  ['two Hosts', '/v2/', () => [own(), `Host: ${evil}`]],
  ['a whole address', `http://${evil}/v2/`, () => [own()]],
] as const)('%s', (_, target, lines) => {
  test('is answered 400, without an address of its making', async () => {
    const { status, headers, body } = await send(target, lines());
    expect(status).toBe(400);
    expect(`${[...headers.values()].join('\n')}\n${body}`).not.toContain(evil);
  });
});

test.each(['127.0.0.1', '[::1]', 'localhost'])(
  '%s is ours beside localhost, and its realm is on itself',
  async (name) => {
    const host = `${name}:${String(stack.port)}`;
    const { status, headers } = await send('/v2/', [`Host: ${host}`]);
    expect([status, headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer realm="http://${host}/v2/auth",service="${stack.host}"`,
    ]);
  },
);

test.each([
  ['registry.escale.svc', 'http://registry.escale.svc'],
  ['mirror.example.org', 'https://mirror.example.org'],
  ['10.0.0.1', () => stack.url],
  ['127.0.0.1:1', () => stack.url],
  ['mirror.example.org:8443', () => stack.url],
] as const)('the Host %s gets a realm that the configuration names', async (host, origin) => {
  const { status, headers } = await send('/v2/', [`Host: ${host}`]);
  const realm = `realm="${typeof origin === 'string' ? origin : origin()}/v2/auth"`;
  expect([status, headers.get('www-authenticate')]).toEqual([401, expect.stringContaining(realm)]);
  const location = new URL((await send('/auth/login', [`Host: ${host}`])).headers.get('location') ?? '');
  expect(location.origin).toBe(stack.url);
});

test('the reason why a Host is refused reaches a client that asked with HEAD', async () => {
  const { status, headers, body } = await send('/v2/acme/app/manifests/1', [`Host: ${evil}`], 'HEAD');
  expect([status, body]).toEqual([400, '']);
  expect(headers.get('warning')).toMatch(/^299 - ".*ESCALE_ALSO_KNOWN_AS"$/);
  const get = await send('/v2/acme/app/manifests/1', [`Host: ${evil}`]);
  expect([get.status, get.body]).toEqual([400, expect.stringContaining('ESCALE_ALSO_KNOWN_AS')]);
});

test('probes are answered by whatever name they ask', async () => {
  expect((await send('/health/live', [`Host: ${evil}`])).status).toBe(200);
});

test('the address in the usage log is the connection’s, whatever a client says that is no trusted proxy', async () => {
  const alice = await signIn(stack, 'alice');
  const claims = { 'X-Forwarded-For': '203.0.113.9', 'X-Real-IP': '203.0.113.9', Forwarded: 'for=203.0.113.9' };
  const query = `mutation { createRepository(input: { name: "alice/seen" }) { repository { usageLog { nodes { clientAddress } } } } }`;
  const { data } = (await (
    await alice.jar.fetch(`${stack.url}/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'x-escale-csrf': '1', ...claims },
      body: JSON.stringify({ query }),
    })
  ).json()) as { data: { createRepository: { repository: { usageLog: { nodes: unknown[] } } } } };
  expect(data.createRepository.repository.usageLog.nodes).toEqual([
    { clientAddress: expect.stringMatching(/^(?:::ffff:)?127\.0\.0\.1$|^::1$/) as string },
  ]);
});
