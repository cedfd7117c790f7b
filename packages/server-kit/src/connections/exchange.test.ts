import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { ConnectionWatch, usualLimits } from './watch.ts';

/** Time passes when a test says so: each check counts for a quarter of a second. */
const limits = { ...usualLimits, look: 250 };
const server = createServer((request, response) => {
  if (request.url === '/large') {
    response.end(Buffer.alloc(64 * 1024 * 1024));
    return;
  }
  seen.push({ bytes: 0, failed: false });
  const one = seen.at(-1) ?? { bytes: 0, failed: false };
  if (request.url === '/ignored') {
    response.end('no body was needed');
    return;
  }
  const read = () => {
    request.on('data', (piece: Buffer) => (one.bytes += piece.length));
    request.on('error', () => (one.failed = true));
    request.on('end', () => response.end('whole'));
  };
  if (request.url === '/busy') begins.push(read);
  else read();
});
const seen: { bytes: number; failed: boolean }[] = [];
const begins: (() => void)[] = [];
const watch = new ConnectionWatch(server, limits);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const pass = (seconds: number) => {
  for (let at = 0; at < seconds; at += limits.look / 1000) watch.look();
};

/** A client that sends a head, perhaps with the beginning of the body, and then what it is told. */
async function client(path: string, length: number, beginning = '') {
  const socket = connect(port, '127.0.0.1');
  const state = { text: '', closed: false };
  socket.on('data', (data) => (state.text += data.toString()));
  socket.on('error', () => undefined);
  socket.once('close', () => (state.closed = true));
  const before = seen.length;
  socket.write(`PATCH ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${String(length)}\r\n\r\n${beginning}`);
  await expect.poll(() => seen.length).toBe(before + 1);
  const one = seen[before] ?? { bytes: 0, failed: false };
  return {
    state,
    one,
    socket,
    /** Resolves when the server has them. */
    send: async (bytes: number) => {
      const goal = one.bytes + bytes;
      socket.write('x'.repeat(bytes));
      await expect.poll(() => one.bytes, { interval: 2 }).toBe(goal);
    },
  };
}

test('a body whose first byte does not come is answered 408', async () => {
  const { state } = await client('/', 10);
  pass(14);
  expect(state.text).toBe('');
  pass(2);
  await expect.poll(() => state.closed).toBe(true);
  expect(state.text).toMatch(/^HTTP\/1.1 408 /);
});

test('a body that begins in one packet with the head has begun', async () => {
  const { state, socket, one } = await client('/', 10, 'x'.repeat(4));
  await expect.poll(() => one.bytes).toBe(4);
  pass(58);
  socket.write('x'.repeat(6));
  await expect.poll(() => state.text).toMatch(/^HTTP\/1.1 200 /);
  socket.destroy();
});

test('a body that stops coming is answered 408, and its reader learns that the rest will not come', async () => {
  const { state, one, send } = await client('/', 100_000);
  await send(1000);
  pass(30);
  await send(9000);
  // Within the window it made progress; since its last byte a minute may pass.
  pass(59);
  expect(state.closed).toBe(false);
  pass(2);
  await expect.poll(() => state.closed).toBe(true);
  expect(state.text).toMatch(/^HTTP\/1.1 408 /);
  expect(one).toEqual({ bytes: 10_000, failed: true });
});

test('a body that drips is cut off too: a byte every ten seconds is no progress', async () => {
  const { state, send } = await client('/', 100_000);
  for (let drop = 0; drop < 6; drop += 1) {
    await send(1);
    pass(10);
  }
  await expect.poll(() => state.closed).toBe(true);
  expect(state.text).toMatch(/^HTTP\/1.1 408 /);
});

test('a body that comes at 1000 bytes a second may take as long as it takes', async () => {
  const { state, send, socket } = await client('/', 100_000_000);
  for (let second = 0; second < 150; second += 1) {
    await send(1000);
    pass(1);
  }
  expect(state).toEqual({ text: '', closed: false });
  socket.destroy();
});

test('five bodies that share 2 KB/s, each with pauses, all go on', async () => {
  const clients = [];
  for (let index = 0; index < 5; index += 1) clients.push(await client('/', 100_000_000));
  for (let round = 0; round < 20; round += 1) {
    for (const { send } of clients) await send(8000);
    pass(20);
  }
  expect(clients.map(({ state }) => state.closed)).toEqual([false, false, false, false, false]);
  for (const { socket } of clients) socket.destroy();
});

test('a body that waits for the server is not slow', async () => {
  const { state, socket } = await client('/busy', 20_000);
  socket.write('x'.repeat(20_000));
  await expect.poll(() => socket.bytesWritten).toBeGreaterThan(20_000);
  await expect.poll(() => server.listening && begins.length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  pass(300);
  expect(state.closed).toBe(false);
  begins.pop()?.();
  await expect.poll(() => state.text).toMatch(/^HTTP\/1.1 200 /);
  socket.destroy();
});

test('a body that goes on after its answer ends with the connection', async () => {
  const { state, socket } = await client('/ignored', 100_000_000);
  await expect.poll(() => state.text).toMatch(/^HTTP\/1.1 200 /);
  for (let second = 0; second < 8 && !state.closed; second += 1) {
    socket.write('x'.repeat(100_000));
    pass(1);
  }
  await expect.poll(() => state.closed).toBe(true);
});

test('a reader that takes nothing is cut off', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  socket.write('GET /large HTTP/1.1\r\nHost: x\r\n\r\n');
  const open = () => new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
  await expect.poll(open).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  pass(122);
  await expect.poll(open).toBe(0);
  socket.destroy();
});

test('a reader that takes a little of an answer in one piece, again and again, gets all of it', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.pause();
  socket.write('GET /large HTTP/1.1\r\nHost: x\r\n\r\n');
  let taken = 0;
  for (let second = 0; taken < 60 * 2 ** 20 && !socket.closed;) {
    const piece = socket.read() as Buffer | null;
    taken += piece?.length ?? 0;
    if (!piece) await new Promise((resolve) => setImmediate(resolve));
    // A mebibyte a second: more than the buffers of both ends hold comes through within a window.
    for (; second < taken / 2 ** 20; second += 1) pass(1);
  }
  expect(taken).toBeGreaterThanOrEqual(60 * 2 ** 20);
  socket.destroy();
});
