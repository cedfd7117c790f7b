import { createServer } from 'node:http';
import { connect } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { BodyMemory, BodyError, type BodyLimits } from './body-memory.ts';
import { decodeBody, readBody } from './read-body.ts';

let time = 0;
let memory = new BodyMemory();
/** As the server answers: status, then the body's length or the reason. The client names itself in a header. */
const server = createServer((request, response) => {
  const { caller = 'somebody', address = 'here' } = request.headers;
  readBody(request, { memory, sources: [String(caller), String(address)], limit: 4 * 2 ** 20 }).then(
    ({ content, release }) => {
      held.push(release);
      response.end(`${String(content.length)} bytes, the last ${String(content.at(-1))}`);
    },
    (error: unknown) => {
      if (!(error instanceof BodyError)) return;
      response.writeHead(error.status, { connection: 'close' }).end(error.message);
    },
  );
});
const held: (() => void)[] = [];
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function withLimits(limits: Partial<BodyLimits>): void {
  memory = new BodyMemory({ look: 1_000_000, ...limits }, () => time);
}
beforeEach(() => {
  time = 0;
  held.length = 0;
  withLimits({});
});

function send(length: number | 'chunked', caller = 'somebody', from = 'here') {
  const socket = connect(port, '127.0.0.1');
  const client = { socket, text: '', closed: false, write: (bytes: number) => void socket.write('x'.repeat(bytes)) };
  socket.on('data', (data) => (client.text += data.toString()));
  socket.on('error', () => undefined);
  socket.once('close', () => (client.closed = true));
  const size = length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${String(length)}`;
  socket.write(`PUT / HTTP/1.1\r\nHost: x\r\nCaller: ${caller}\r\nAddress: ${from}\r\n${size}\r\n\r\n`);
  return client;
}
const answered = (client: { text: string }) => expect.poll(() => client.text);
const used = () => expect.poll(() => memory.used);

test('a body of any form is read, and charged for as it arrives', async () => {
  const client = send(300_000);
  client.write(1);
  await used().toBe(1);
  client.write(199_999);
  await used().toBe(200_000);
  client.write(100_000);
  await answered(client).toContain('300000 bytes, the last 120');
  expect(memory.used).toBe(300_000);
  held[0]?.();
  expect(memory.used).toBe(0);
  const chunked = send('chunked');
  for (let index = 0; index < 40; index += 1) chunked.socket.write('5\r\nhello\r\n');
  chunked.socket.write('0\r\n\r\n');
  await answered(chunked).toContain('200 bytes, the last 111');
});

test('a body that says it is too large, and one that turns out to be, are refused', async () => {
  await answered(send(4 * 2 ** 20 + 1)).toMatch(/ 413 [\s\S]*larger than 4194304 bytes/);
  const chunked = send('chunked');
  const piece = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  for (let index = 0; index < 65; index += 1) chunked.socket.write(piece);
  await answered(chunked).toContain(' 413 ');
  await used().toBe(0);
});

test('hundreds that announce much and send one byte cost nothing, and end after the grace', async () => {
  const idle: ReturnType<typeof send>[] = [];
  // In parts: the system lets so many connections wait to be accepted.
  while (idle.length < 640) {
    const some = Array.from({ length: 160 }, () => send(4 * 2 ** 20));
    for (const client of some) client.write(1);
    idle.push(...some);
    await used().toBe(idle.length);
  }
  const other = send(100_000, 'another', 'there');
  other.write(100_000);
  await answered(other).toContain('100000 bytes');
  time = 29_000;
  memory.look();
  expect(idle.filter(({ text }) => text !== '').length).toBe(0);
  time = 30_001;
  memory.look();
  await expect.poll(() => idle.filter(({ text }) => text.includes(' 408 ')).length).toBe(640);
});

test('a body that comes at 1000 bytes a second is read to its end', async () => {
  const client = send(200_000);
  for (let second = 1; second <= 200; second += 1) {
    client.write(1000);
    await expect.poll(() => memory.used === second * 1000 || client.text !== '', { interval: 2 }).toBe(true);
    time = second * 1000;
    memory.look();
  }
  await answered(client).toContain('200000 bytes');
});

describe('when memory is short', () => {
  const limits = { budget: 1_000_000, waitingOfSource: 300_000, scarceGrace: 2000 };

  test('one source has half of it, others go on, and too many that wait are told to come again', async () => {
    withLimits(limits);
    const flood = Array.from({ length: 12 }, () => send(200_000, 'mallory', 'there'));
    for (const client of flood) client.write(100_000);
    // Five fit into a half, one more may finish in any case, some wait.
    await expect.poll(() => flood.filter(({ text }) => text.includes(' 429 ')).length).toBeGreaterThanOrEqual(2);
    expect(memory.used).toBeLessThanOrEqual(700_000);
    const other = send(200_000, 'alice', 'here');
    other.write(200_000);
    await answered(other).toContain('200000 bytes');
    const neighbour = send(50_000, 'bob', 'there');
    neighbour.write(50_000);
    await answered(neighbour).toContain('50000 bytes');
  });

  test('slow ones of the source that holds the most are ended, those that wait take their place', async () => {
    withLimits(limits);
    const slow = ['a', 'b'].flatMap((name) => Array.from({ length: 5 }, () => send(200_000, name, name)));
    for (const client of slow) client.write(100_000);
    await used().toBe(1_000_000);
    time = 1000;
    const quick = send(150_000, 'c', 'c');
    quick.write(60_000);
    await used().toBeGreaterThan(1_000_000);
    const last = send(60_000, 'd', 'd');
    last.write(60_000);
    await new Promise((resolve) => setTimeout(resolve, 30));
    memory.look();
    expect(last.text).toBe('');
    time = 5000;
    memory.look();
    await answered(last).toContain('60000 bytes');
    // As many as the one that waits needs, beside the one that may exceed the budget.
    expect(slow.filter(({ text }) => text.includes(' 429 ')).length).toBe(2);
  });

  test('bodies that hold a part each and can all go on finish one after the other', async () => {
    withLimits({ ...limits, waitingOfSource: 1_000_000, scarceGrace: 1_000_000 });
    const crowd = Array.from({ length: 40 }, (_, index) => send(200_000, `c${String(index)}`, `c${String(index)}`));
    for (const client of crowd) client.write(200_000);
    const finishing = setInterval(() => {
      for (const release of held.splice(0)) release();
    }, 5);
    await expect
      .poll(() => crowd.filter(({ text }) => text.includes('200000 bytes')).length, { timeout: 15_000 })
      .toBe(40);
    clearInterval(finishing);
  });

  test('large ones hold up none of the usual size', async () => {
    withLimits({ ...limits, largeBudget: 2_000_000, scarceGrace: 1_000_000 });
    const large = Array.from({ length: 4 }, (_, index) => send(3_000_000, `c${String(index)}`, `c${String(index)}`));
    for (const client of large) client.write(1_000_000);
    await expect.poll(() => memory.used).toBeGreaterThan(1_500_000);
    const usual = send(200_000, 'alice', 'here');
    usual.write(200_000);
    await answered(usual).toContain('200000 bytes');
  });
});

test('a client that goes away gives its memory back', async () => {
  const client = send(200_000);
  client.write(100_000);
  await used().toBe(100_000);
  client.socket.destroy();
  await used().toBe(0);
});

describe('a Content-Encoding', () => {
  const text = Buffer.from('{"query":"{ viewer { id } }"}'.repeat(100));
  test.each([
    ['gzip', gzipSync(text)],
    ['X-GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['br', brotliCompressSync(text)],
    ['identity', text],
    [undefined, text],
  ])('%s is undone', async (encoding, content) => {
    expect(await decodeBody(content, encoding, 10_000)).toEqual(text);
  });

  test.each([
    ['gzip', gzipSync(text).subarray(0, 40), 400],
    ['gzip', Buffer.from('no gzip at all'), 400],
    ['gzip', Buffer.alloc(0), 400],
    ['deflate', Buffer.from([0xff, 0xff]), 400],
    ['br', brotliCompressSync(text).subarray(0, 10), 400],
    ['gzip', gzipSync(Buffer.alloc(5_000_000)), 413],
    ['compress', text, 415],
    ['gzip, gzip', gzipSync(gzipSync(text)), 415],
    ['constructor', text, 415],
    ['zstd', text, 415],
  ])('%s that cannot be undone is refused: %#', async (encoding, content, status) => {
    await expect(decodeBody(content, encoding, 10_000)).rejects.toMatchObject({ name: 'BodyError', status });
  });
});
