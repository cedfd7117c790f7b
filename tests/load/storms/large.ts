import { createHash } from 'node:crypto';
import { Wire } from '../../bench/wire.ts';
import { residentOf } from '../../support/memory.ts';
import { type Line, type Scene } from './scene.ts';

/** L9, first half: manifests as large as they may be, all at once. */
export async function large({ stack, bearer, many }: Scene): Promise<Line[]> {
  const as = await bearer('alice/large');
  let peak = 0;
  const sampling = setInterval(() => (peak = Math.max(peak, residentOf(stack.pid).now)), 100);
  let wrong = 0;
  const filling = 'x'.repeat(4 * 1024 * 1024 - 1000);
  await Promise.all(
    Array.from({ length: many(500) }, async (_, index) => {
      const body = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: indexType,
          manifests: [],
          annotations: { index: String(index), filling },
        }),
      );
      const wire = new Wire(stack.port);
      const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
      const { status } = await wire.send(
        'PUT',
        `/v2/alice/large/manifests/${digest}`,
        `${as}Content-Type: ${indexType}\r\n`,
        body,
      );
      if (status !== 201 && status !== 429 && status !== 503) wrong += 1;
      wire.close();
    }),
  );
  clearInterval(sampling);
  return [
    { what: `${String(many(500))} manifests of 4 MiB at once: the server`, value: peak, limit: 512, unit: 'MiB' },
    { what: 'answered with neither 201, 429 nor 503', value: wrong, limit: 0, unit: '' },
  ];
}
const indexType = 'application/vnd.oci.image.index.v1+json';
