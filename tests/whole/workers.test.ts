import { readFileSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applicationToken } from '../support/application-token.ts';
import { processTree } from '../bench/processes.ts';
import { signIn, type SignedIn } from '../support/sign-in.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
let alice: SignedIn;

beforeAll(async () => {
  stack = await startStack({ environment: { ESCALE_WORKERS: '2' } });
  alice = await signIn(stack, 'alice');
});
afterAll(() => stack.stop());

/** On a connection of its own: those go to the workers in turn. */
function ask(path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(`${stack.url}${path}`, { agent: new Agent({ keepAlive: false }), headers }, resolve)
      .once('error', reject)
      .end();
  });
}

const four = <Made>(make: () => Promise<Made>): Promise<Made[]> => Promise.all([make(), make(), make(), make()]);

function workers(): number[] {
  return processTree(stack.pid).filter(
    (pid) => pid !== stack.pid && readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes('main.js'),
  );
}

test('a token that was revoked through one worker ends at all of them', async () => {
  const { username, password } = await applicationToken(alice, 'short-lived');
  const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const answer = await ask('/v2/auth?scope=registry:catalog:*', { authorization: basic });
  const { token } = JSON.parse(await text(answer)) as { token: string };
  const statuses = () =>
    four(async () => {
      const { statusCode } = (await ask('/v2/', { authorization: `Bearer ${token}` })).resume();
      return statusCode;
    });
  expect(await statuses()).toEqual([200, 200, 200, 200]);
  const revoked = await fetch(`${stack.url}/auth/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ token: password }),
  });
  expect(revoked.status).toBe(200);
  expect(await statuses()).toEqual([401, 401, 401, 401]);
});

test('what happens through one worker is seen live through all of them', { timeout: 20_000 }, async () => {
  const { createApiToken } = await alice.ask<{ createApiToken: { secret: string } }>(
    'mutation { createApiToken(input: { title: "follower", scopes: [READ] }) { secret } }',
  );
  const query = encodeURIComponent('subscription { usageLog(namespace: "alice") { kind } }');
  const followers = await four(() =>
    ask(`/graphql?query=${query}`, {
      authorization: `Bearer ${createApiToken.secret}`,
      accept: 'text/event-stream',
      'x-escale-csrf': '1',
    }),
  );
  const heard = followers.map(async (follower) => {
    let all = '';
    for await (const piece of follower) if ((all += String(piece)).includes('repository.created')) return true;
    return all;
  });
  await alice.ask('mutation { createRepository(input: { name: "alice/seen" }) { repository { id } } }');
  expect(await Promise.all(heard)).toEqual([true, true, true, true]);
});

test(
  'a worker that was killed is replaced, and so is its replacement; the others answer meanwhile',
  { timeout: 45_000 },
  async () => {
    const before = workers();
    expect(before).toHaveLength(2);
    process.kill(before[0] ?? 0, 'SIGKILL');
    const replacements = () => workers().filter((pid) => !before.includes(pid));
    await expect.poll(() => replacements().length, { timeout: 15_000 }).toBe(1);
    const [first = 0] = replacements();
    // While it is still starting.
    process.kill(first, 'SIGKILL');
    await expect.poll(() => replacements().filter((pid) => pid !== first).length, { timeout: 15_000 }).toBe(1);
    await expect
      .poll(() => four(async () => (await ask('/health/ready')).resume().statusCode), { timeout: 10_000 })
      .toEqual([200, 200, 200, 200]);
    expect((await alice.ask<{ viewer: { username: string } }>('{ viewer { username } }')).viewer.username).toBe(
      'alice',
    );
  },
);

test('all of them end with the process that started them', { timeout: 90_000 }, async () => {
  const all = workers();
  await stack.kill9();
  await expect.poll(() => all.filter((pid) => isRunning(pid)), { timeout: 10_000 }).toEqual([]);
  await stack.restart();
  const again = workers();
  expect(again).toHaveLength(2);
  await stack.halt();
  expect(again.filter((pid) => isRunning(pid))).toEqual([]);
});

function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
