import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Wire } from '../../bench/wire.ts';
import { residentOf } from '../../support/memory.ts';
import { seededRandom } from '../../support/random.ts';
import { type Line, type Scene } from './scene.ts';

/** L5: a layer of 2 GiB in chunks; every so often its client goes away in the middle of one, and goes on from what is held. */
export async function resumed({ stack, bearer, many }: Scene): Promise<Line[]> {
  const as = await bearer('alice/long');
  const chunk = 8 * 1024 * 1024;
  const chunks = many(256);
  const random = seededRandom(5).bytes(chunk);
  const piece = (index: number) => {
    random.writeUInt32LE(index, 0);
    return random;
  };
  const hash = createHash('sha256');
  for (let index = 0; index < chunks; index += 1) hash.update(piece(index));
  const wire = new Wire(stack.port);
  const begun = await wire.send('POST', '/v2/alice/long/blobs/uploads/', as, Buffer.alloc(0));
  const location = /\r\nlocation: *([^\r]+)/i.exec(begun.head)?.[1]?.replace(/^https?:\/\/[^/]+/, '') ?? '';
  let low = Infinity;
  let high = 0;
  let resumes = 0;
  for (let index = 0; index < chunks; index += 1) {
    const body = piece(index);
    let from = 0;
    if (index % 5 === 0) {
      resumes += 1;
      await cutShort(stack.port, location, as, body, index * chunk);
      from = (await heldAfterCut(wire, location, as, index * chunk)) - index * chunk;
    }
    const range = `Content-Range: ${String(index * chunk + from)}-${String((index + 1) * chunk - 1)}\r\n`;
    if (from < chunk) {
      const { status } = await wire.send('PATCH', location, as + range, body.subarray(from));
      if (status !== 202) throw new Error(`a chunk was answered ${String(status)}`);
    }
    // The first chunks warm up what is used from then on.
    if (index >= 16) {
      const { now } = residentOf(stack.pid);
      low = Math.min(low, now);
      high = Math.max(high, now);
    }
  }
  const put = await wire.send('PUT', `${location}?digest=sha256:${hash.digest('hex')}`, as, Buffer.alloc(0));
  wire.close();
  return [
    {
      what: `${String((chunks * 8) / 1024)} GiB, cut short ${String(resumes)} times: 201 at the end`,
      value: put.status === 201 ? 0 : put.status,
      limit: 0,
      unit: '',
    },
    { what: 'memory between the least and the most', value: high - low, limit: 40, unit: 'MiB' },
  ];
}

/** Sends half of a chunk that is announced as whole, and goes away. */
async function cutShort(port: number, location: string, as: string, body: Buffer, offset: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port });
  const range = `Content-Range: ${String(offset)}-${String(offset + body.length - 1)}\r\n`;
  socket.write(
    `PATCH ${location} HTTP/1.1\r\nHost: localhost\r\n${as}${range}Content-Length: ${String(body.length)}\r\n\r\n`,
  );
  await new Promise<void>((resolve) => socket.write(body.subarray(0, body.length / 2), () => resolve()));
  await sleep(20);
  socket.destroy();
}

/** Waits until the interrupted request is over, which shows in what is held. @returns bytes held */
async function heldAfterCut(wire: Wire, location: string, as: string, least: number): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    await sleep(30);
    const { head } = await wire.send('GET', location, as);
    const last = Number(/\r\nrange: *0-(\d+)/i.exec(head)?.[1] ?? 0);
    const held = last === 0 ? 0 : last + 1;
    if (held > least) return held;
  }
  return least;
}
