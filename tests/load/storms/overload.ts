import { manifestType } from '../../bench/image.ts';
import { type Wire, type Reply } from '../../bench/wire.ts';
import { residentOf } from '../../support/memory.ts';
import { sha256 } from '../../support/oci.ts';
import { seededRandom } from '../../support/random.ts';
import { at, countOf, timed, type Line, type Scene } from './scene.ts';

/** L15: more pushes and pulls than the machine can take, for a while; then all is as before. */
export async function overload({ stack, client, bearer, many }: Scene): Promise<Line[]> {
  await client.pushImage('alice/busy', '1');
  const as = await bearer('alice/busy');
  const read = (wire: Wire) => wire.send('GET', '/v2/alice/busy/manifests/1', `${as}Accept: ${manifestType}\r\n`);
  await timed(stack.port, 1, 1000, read);
  const before = await timed(stack.port, 1, 1000, read);
  const memory = residentOf(stack.pid).now;
  const random = seededRandom(15);
  const push = async (wire: Wire): Promise<Reply> => {
    const blob = random.bytes(2000);
    return wire.send('POST', `/v2/alice/busy/blobs/uploads/?digest=${sha256(blob)}`, as, blob);
  };
  let turn = 0;
  const storm = await timed(stack.port, many(1000), 20_000, (wire) =>
    (turn += 1) % 4 === 0 ? push(wire) : read(wire),
  );
  const grown = residentOf(stack.pid).peak - memory;
  const ended = performance.now();
  let recovered: number | undefined;
  while (recovered === undefined && performance.now() - ended < 30_000) {
    const { times } = await timed(stack.port, 1, 500, read);
    if (at(times, 0.5) <= 2 * at(before.times, 0.5) + 1) recovered = (performance.now() - ended) / 1000;
  }
  const failed = countOf(storm.statuses, (status) => status >= 400 && status !== 429 && status !== 503);
  return [
    { what: `${String(many(1000))} connections push and pull: failures`, value: failed, limit: 0, unit: '' },
    { what: `of ${String(storm.times.length)} requests, p99`, value: at(storm.times, 0.99), limit: 5000, unit: 'ms' },
    { what: 'memory for it', value: grown, limit: 300, unit: 'MiB' },
    { what: 'back to normal after', value: recovered ?? Infinity, limit: 10, unit: 's' },
  ];
}
