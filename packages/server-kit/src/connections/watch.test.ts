import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { clientAddressReader } from '../client-address.ts';
import { ConnectionWatch, usualLimits, type ConnectionLimits } from './watch.ts';

const open: { server: Server; sockets: Socket[] }[] = [];
afterEach(() => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  }
});

/** A server that answers GET at once and reads every other body to its end, with clients at several addresses. */
async function scene(limits: Partial<ConnectionLimits>) {
  let bodies = 0;
  const server = createServer({ maxHeaderSize: 128 * 1024 }, (request, response) => {
    if (request.method === 'GET') response.end('here');
    else {
      request.on('error', () => undefined);
      request.on('data', (piece: Buffer) => (bodies += piece.length));
      request.on('end', () => response.end('whole'));
    }
  });
  const watch = new ConnectionWatch(
    server,
    { ...usualLimits, ...limits },
    { clientAddress: clientAddressReader(['127.0.0.9']) },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const sockets: Socket[] = [];
  open.push({ server, sockets });
  const join = async (localAddress: string, says = '') => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    const client = { socket, text: '', closed: false };
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => (client.text += data.toString()));
    socket.once('close', () => (client.closed = true));
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    if (says !== '') await new Promise<void>((resolve) => socket.write(says, () => resolve()));
    return client;
  };
  const many = (count: number, localAddress: string, says = '') =>
    Promise.all(Array.from({ length: count }, () => join(localAddress, says)));
  const settle = () => new Promise((resolve) => setTimeout(resolve, 50));
  return { watch, join, many, settle, bodies: () => bodies };
}

const closed = (clients: readonly { closed: boolean }[]) => clients.filter((client) => client.closed).length;
const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const upload = 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n';

describe('too many connections', () => {
  test('the source that has most of them loses idle ones; a newcomer and others keep theirs', async () => {
    const { join, many, settle } = await scene({ connections: 20 });
    const flood = await many(15, '127.0.0.2', request);
    const others = await many(5, '127.0.0.3', request);
    await settle();
    const late = await join('127.0.0.4', request);
    await expect.poll(() => late.text).toContain('here');
    await expect.poll(() => closed(flood)).toBe(1);
    expect(closed(others)).toBe(0);
  });

  test('those that say nothing go before uploads that make progress', async () => {
    const { watch, join, many, settle, bodies } = await scene({ connections: 10 });
    const uploads = await many(6, '127.0.0.2', upload);
    await settle();
    for (const { socket } of uploads) socket.write('x'.repeat(1000));
    await expect.poll(bodies).toBe(6000);
    watch.look();
    const silent = await many(4, '127.0.0.2');
    watch.look();
    for (let more = 0; more < 4; more += 1) {
      await join('127.0.0.3');
      await settle();
    }
    expect([closed(silent), closed(uploads)]).toEqual([4, 0]);
  });

  test('of uploads alone, the slowest of the source that has most is told to come again', async () => {
    const { watch, join, many, settle, bodies } = await scene({ connections: 6 });
    const [slow, ...quick] = await many(4, '127.0.0.2', upload);
    const other = await many(2, '127.0.0.3', upload);
    await settle();
    slow?.socket.write('x');
    for (const { socket } of quick) socket.write('x'.repeat(10_000));
    await expect.poll(bodies).toBe(30_001);
    watch.look();
    await join('127.0.0.4', request);
    await expect.poll(() => slow?.closed).toBe(true);
    expect(slow?.text).toMatch(/^HTTP\/1.1 503 [\s\S]*Retry-After: 5/);
    expect([closed(quick), closed(other)]).toEqual([0, 0]);
  });

  test('behind a trusted proxy the client is the source, not the proxy', async () => {
    const { join, many, settle } = await scene({ connections: 12 });
    const of = (client: string) => `GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${client}\r\n\r\n`;
    const flood = await many(6, '127.0.0.9', of('203.0.113.1'));
    const others = (
      await Promise.all(['203.0.113.2', '203.0.113.3', '203.0.113.4'].map((one) => many(2, '127.0.0.9', of(one))))
    ).flat();
    await settle();
    await join('127.0.0.9', of('203.0.113.5'));
    await expect.poll(() => closed(flood)).toBe(1);
    expect(closed(others)).toBe(0);
  });
});

describe('heads that do not end', () => {
  const head = (bytes: number) => `GET / HTTP/1.1\r\nHost: x\r\nX-Filling: ${'x'.repeat(bytes)}`;

  test('together have a bounded memory; the source with most bytes loses its largest', async () => {
    const { watch, many, join, settle } = await scene({ headBytes: 300_000 });
    const flood = await many(6, '127.0.0.2', head(60_000));
    const other = await join('127.0.0.3', head(30_000));
    await settle();
    watch.look();
    await expect.poll(() => closed(flood)).toBe(2);
    expect(flood.find((one) => one.closed)?.text).toMatch(/^HTTP\/1.1 503 /);
    expect(other.closed).toBe(false);
  });

  test('count too when they come behind a request that was answered', async () => {
    const { watch, many, settle } = await scene({ headBytes: 300_000 });
    const flood = await many(6, '127.0.0.2', request + head(80_000));
    await settle();
    watch.look();
    await expect.poll(() => closed(flood)).toBeGreaterThan(0);
  });

  test('one source may have so many of them, and not those that are on their way', async () => {
    const { watch, many, settle } = await scene({ headsOfSource: 5 });
    const flood = await many(8, '127.0.0.2', head(10));
    const others = await many(3, '127.0.0.3', head(10));
    await settle();
    watch.look(999);
    await settle();
    expect(closed(flood)).toBe(0);
    watch.look(1);
    await expect.poll(() => closed(flood)).toBe(3);
    expect(closed(others)).toBe(0);
  });

  test('idle connections that were answered are none', async () => {
    const { watch, many, settle } = await scene({ headsOfSource: 5, headBytes: 100 });
    const idle = await many(10, '127.0.0.2', request);
    await expect.poll(() => idle.every(({ text }) => text.includes('here'))).toBe(true);
    watch.look(60_000);
    await settle();
    expect(closed(idle)).toBe(0);
  });
});

test('answers that nobody takes have a bounded memory', async () => {
  const server = createServer((_request, response) => {
    response.end(Buffer.alloc(30 * 2 ** 20));
  });
  const watch = new ConnectionWatch(server, { ...usualLimits, backlog: 100 * 2 ** 20 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const sockets = Array.from({ length: 5 }, () => connect(port, '127.0.0.1').pause());
  open.push({ server, sockets });
  for (const socket of sockets) {
    socket.on('error', () => undefined);
    socket.write(request);
  }
  const count = () => new Promise<number>((resolve) => server.getConnections((_error, open) => resolve(open)));
  await expect.poll(count).toBe(5);
  await new Promise((resolve) => setTimeout(resolve, 200));
  // The first check sees that they are waited for, the time of the second that they take nothing.
  watch.look(60_000);
  watch.look(1000);
  await expect.poll(count).toBeLessThanOrEqual(3);
});
