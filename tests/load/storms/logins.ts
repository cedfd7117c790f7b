import { Wire } from '../../bench/wire.ts';
import { type Line, type Scene } from './scene.ts';

/** L12: a fleet of pipelines exchanges its credentials within a second. */
export async function logins({ stack, basic, many }: Scene): Promise<Line[]> {
  const wires = Array.from({ length: many(200) }, () => new Wire(stack.port));
  const begun = performance.now();
  let slowest = 0;
  let refused = 0;
  await Promise.all(
    wires.map(async (wire, lane) => {
      for (let turn = 0; turn < 10; turn += 1) {
        const asked = performance.now();
        const path = `/v2/auth?scope=repository:alice/fleet-${String(lane)}:pull,push`;
        if ((await wire.send('GET', path, `Authorization: ${basic}\r\n`)).status !== 200) refused += 1;
        slowest = Math.max(slowest, performance.now() - asked);
      }
      wire.close();
    }),
  );
  return [
    {
      what: `${String(wires.length * 10)} logins, all answered`,
      value: performance.now() - begun,
      limit: 3000,
      unit: 'ms',
    },
    { what: 'the slowest of them', value: slowest, limit: 3000, unit: 'ms' },
    { what: 'not answered with a token', value: refused, limit: 0, unit: '' },
  ];
}
