import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signIn, type SignedIn } from '../support/sign-in.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { startTlsProxy, type TlsProxy } from '../support/tls-proxy.ts';

describe.each<[string, Record<string, string>, Record<string, string>]>([
  ['one process', {}, {}],
  [
    'two workers, behind a proxy that speaks of itself',
    { ESCALE_WORKERS: '2' },
    { 'x-forwarded-proto': 'http', 'x-forwarded-host': 'localhost:1', 'x-forwarded-for': '127.0.0.1' },
  ],
])('the demo where TLS ends at a proxy: %s', (_what, environment, headers) => {
  let proxy: TlsProxy;
  let stack: Stack;
  let alice: SignedIn;
  beforeAll(async () => {
    proxy = await startTlsProxy(headers);
    stack = await startStack({ environment: { ...environment, ESCALE_EXTERNAL_URL: proxy.url } });
    proxy.leadTo(stack.port);
  });
  afterAll(async () => {
    await stack.stop();
    await proxy[Symbol.asyncDispose]();
  });

  test('the identity provider names no address but the public one', async () => {
    const answer = await fetch(`${proxy.url}/realms/escale/.well-known/openid-configuration`);
    const metadata = (await answer.json()) as Record<string, unknown>;
    const addresses = Object.values(metadata).filter(
      (value): value is string => typeof value === 'string' && /^https?:/.test(value),
    );
    expect(addresses.length).toBeGreaterThan(4);
    expect(addresses.filter((address) => !address.startsWith(`${proxy.url}/realms/escale`))).toEqual([]);
  });

  test('a person signs in to the end, with cookies that TLS alone carries', async () => {
    alice = await signIn({ url: proxy.url, demoPassword: stack.demoPassword }, 'alice');
    expect(alice.landedOn.href).toBe(`${proxy.url}/welcome`);
    expect(await alice.ask('{ viewer { username } }')).toEqual({ viewer: { username: 'alice' } });
    expect(alice.jar.header(new URL(proxy.url))).toContain('__Host-escale_session=');
    const begun = await alice.jar.follow(`${proxy.url}/auth/login?fresh=1`);
    expect(begun.url.href).toContain(`${proxy.url}/realms/escale/interaction/`);
  });

  test('a token is shown again: the sign-in says when it was', async () => {
    await alice.ask('mutation { createRobot(input: { namespace: "alice", name: "ci" }) { robot { id } } }');
    const reveal = 'mutation { revealRobotToken(input: { robot: "alice+ci" }) { credentials { password } } }';
    expect((await alice.graphql(reveal)).errors).toBeUndefined();
  });

  test('a person signs out at the provider, too', async () => {
    const answer = await alice.jar.fetch(`${proxy.url}/auth/logout`, {
      method: 'POST',
      headers: { 'x-escale-csrf': '1', Origin: proxy.url },
    });
    const { redirectTo } = (await answer.json()) as { redirectTo: string };
    expect(redirectTo.startsWith(`${proxy.url}/realms/escale/protocol/openid-connect/logout?`)).toBe(true);
    const form = await (await alice.jar.fetch(redirectTo)).text();
    const action = /action="([^"]+)"/.exec(form)?.[1] ?? '';
    expect(new URL(action, redirectTo).origin).toBe(proxy.url);
  });
});
