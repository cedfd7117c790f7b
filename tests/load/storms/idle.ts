import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { manifestType } from '../../bench/image.ts';
import { residentOf } from '../../support/memory.ts';
import { type Line, type Scene } from './scene.ts';

/** Pushes of manifests that announce much and send one byte, while others push images. */
export async function idle({ stack, client, bearer, many }: Scene): Promise<Line[]> {
  await client.pushImage('alice/before', '1');
  const as = await bearer('alice/idle');
  const memory = residentOf(stack.pid).now;
  const sockets: Socket[] = [];
  for (let index = 0; index < many(640); index += 1) {
    const socket = connect({ host: '127.0.0.1', port: stack.port });
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(
      `PUT /v2/alice/idle/manifests/v${String(index)} HTTP/1.1\r\nHost: localhost\r\n${as}Content-Type: ${manifestType}\r\nContent-Length: 2000000\r\n\r\n{`,
    );
    sockets.push(socket);
    if (index % 100 === 99) await sleep(100);
  }
  await sleep(1000);
  const begun = performance.now();
  for (let push = 0; push < 10; push += 1) await client.pushImage(`alice/beside-${String(push)}`, '1');
  const took = performance.now() - begun;
  const grown = residentOf(stack.pid).now - memory;
  const left = performance.now();
  while (sockets.some((socket) => !socket.closed) && performance.now() - left < 60_000) await sleep(250);
  const closed = (performance.now() - left) / 1000;
  for (const socket of sockets) socket.destroy();
  return [
    { what: `ten pushes beside ${String(sockets.length)} that are idle`, value: took, limit: 10_000, unit: 'ms' },
    { what: 'memory for those', value: grown, limit: 50, unit: 'MiB' },
    { what: 'they are sent away after', value: closed, limit: 40, unit: 's' },
  ];
}
