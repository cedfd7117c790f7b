import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApi, type Caller, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let alice: Caller;
beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice' });
});
afterAll(() => api.close());

const query = 'subscription { usageLog(namespace: "alice") { id userAgent } }';

/** Entries that together are more than the buffers of a connection hold. */
async function writeEntries(count: number): Promise<void> {
  await api.database.orm.em.fork().execute(
    `insert into usage_log_entries (id, kind, at, namespace, performer_kind, user_agent)
         select gen_random_uuid(), 'repository.pushed', now(), 'alice', 'system', repeat('x', 4096) from generate_series(1, ?)`,
    [count],
  );
}

/** Follows, and takes nothing of what comes until told to. */
async function followWithoutReading(): Promise<Socket> {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  const body = JSON.stringify({ query });
  const cookie = [...alice.cookies].map((pair) => pair.join('=')).join('; ');
  socket.write(
    [
      'POST /graphql HTTP/1.1',
      `Host: ${hostname}:${port}`,
      'Accept: text/event-stream',
      'Content-Type: application/json',
      'x-escale-csrf: 1',
      `Cookie: ${cookie}`,
      `Content-Length: ${String(body.length)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
  // The head of the answer: from here on it follows.
  await new Promise<void>((resolve) => {
    socket.once('data', () => {
      socket.pause();
      resolve();
    });
  });
  return socket;
}

test('a reader that takes nothing is let go with a reason once too much waits for it; others miss nothing', async () => {
  const slow = await followWithoutReading();
  const steady = await alice.follow(query);
  const [crowds, crowd] = [20, 250];
  for (let written = 0; written < crowds; written += 1) {
    await writeEntries(crowd);
    for (let seen = 0; seen < crowd; seen += 1) expect((await steady.next())?.errors).toEqual([]);
  }
  await steady.stop();
  let text = '';
  slow.setEncoding('utf8');
  slow.on('data', (piece: string) => (text += piece));
  slow.resume();
  await new Promise((resolve) => slow.once('end', resolve));
  const events = text.split('event: next').length - 1;
  expect(text).toContain('"code":"UNAVAILABLE"');
  expect(text).toContain('event: complete');
  expect(events).toBeGreaterThan(10);
  expect(events).toBeLessThan(crowds * crowd - 1000);
});
