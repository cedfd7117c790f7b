import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { manifestType } from '../../bench/image.ts';
import { type Wire } from '../../bench/wire.ts';
import { residentOf } from '../../support/memory.ts';
import { at, timed, type Line, type Scene } from './scene.ts';

/** L6: connections that say a byte now and then, and connections that say nothing. */
export async function hanging({ stack, client, bearer, many }: Scene): Promise<Line[]> {
  await client.pushImage('alice/read', '1');
  const headers = (await bearer('alice/read')) + `Accept: ${manifestType}\r\n`;
  const read = (wire: Wire) => wire.send('GET', '/v2/alice/read/manifests/1', headers);
  await timed(stack.port, 64, 1500, read);
  const before = await timed(stack.port, 64, 3000, read);
  const memory = residentOf(stack.pid).now;
  const sockets = new Set<Socket>();
  const hang = async (count: number, says: string): Promise<Socket[]> => {
    const made: Socket[] = [];
    for (let done = 0; done < count; done += 200) {
      const batch = Array.from({ length: Math.min(200, count - done) }, () => {
        const socket = connect({ host: '127.0.0.1', port: stack.port });
        socket.on('error', () => undefined);
        sockets.add(socket);
        return new Promise<Socket>((resolve) => socket.once('connect', () => resolve(socket)));
      });
      for (const socket of await Promise.all(batch)) {
        socket.write(says);
        socket.resume();
        made.push(socket);
      }
    }
    return made;
  };
  await hang(many(10_000), 'GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const slow = await hang(many(5000), 'GET /v2/ HTTP/1.1\r\nHost: loc');
  const begun = performance.now();
  const dripping = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('a');
  }, 2000);
  await sleep(1000);
  const during = await timed(stack.port, 64, 3000, read);
  const grown = residentOf(stack.pid).now - memory;
  while (slow.some((socket) => !socket.closed) && performance.now() - begun < 60_000) await sleep(250);
  const closed = (performance.now() - begun) / 1000;
  clearInterval(dripping);
  for (const socket of sockets) socket.destroy();
  const [p99, now] = [at(before.times, 0.99), at(during.times, 0.99)];
  return [
    {
      what: `reads among ${String(sockets.size)} that hang, p99`,
      value: now,
      limit: Math.max(2 * p99, 60),
      unit: 'ms',
    },
    { what: 'memory for them', value: grown, limit: 200, unit: 'MiB' },
    { what: 'the slow ones are sent away after', value: closed, limit: 30, unit: 's' },
  ];
}
