import { createServer } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { dropSlowClients } from './slow-clients.ts';

const pace = { firstByte: 300, sendRate: 10_000, sendWindow: 500, readRate: 10_000, readWindow: 500, look: 50 };
const received: { bytes: number; failed: boolean }[] = [];
const server = createServer((request, response) => {
  const seen = { bytes: 0, failed: false };
  received.push(seen);
  if (request.url === '/large') {
    response.end(Buffer.alloc(64 * 1024 * 1024));
    return;
  }
  const answer = () => {
    request.on('data', (piece: Buffer) => (seen.bytes += piece.length));
    request.on('error', () => (seen.failed = true));
    request.on('end', () => response.end('whole'));
  };
  // Somebody here who takes long before reading.
  if (request.url === '/busy') setTimeout(answer, 1500);
  else answer();
});
dropSlowClients(server, pace);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** @returns what came back until the other side closed */
async function talk(head: string, send: (write: (text: string) => void) => Promise<void>): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (data) => (text += data.toString()));
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(head);
  await send((more) => socket.write(more));
  await Promise.race([closed, sleep(10_000)]);
  socket.destroy();
  return text;
}

const head = (path: string, length: number) =>
  `PATCH ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`;

test('a body whose first byte does not come is answered 408', async () => {
  expect(await talk(head('/', 10), async () => undefined)).toMatch(/^HTTP\/1.1 408 /);
});

test('a body that comes too slowly is answered 408, and its reader learns that the rest will not come', async () => {
  const answer = await talk(head('/', 100_000), async (write) => {
    for (let count = 0; count < 20; count += 1) {
      write('slow');
      await sleep(100);
    }
  });
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  expect(received.at(-1)).toMatchObject({ failed: true });
  expect(received.at(-1)?.bytes).toBeGreaterThan(0);
});

test('a body that is quick enough may take as long as it takes', async () => {
  const answer = await talk(head('/', 40_000), async (write) => {
    for (let count = 0; count < 20; count += 1) {
      write('x'.repeat(2000));
      await sleep(100);
    }
  });
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
});

test('a body that waits for us is not slow', async () => {
  const answer = await talk(head('/busy', 20_000), async (write) => {
    write('x'.repeat(20_000));
    await Promise.resolve();
  });
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
});

test('a reader that takes nothing is cut off', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  socket.write('GET /large HTTP/1.1\r\nHost: x\r\n\r\n');
  await sleep(2500);
  const open = await new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
  expect(open).toBe(0);
  socket.destroy();
});
