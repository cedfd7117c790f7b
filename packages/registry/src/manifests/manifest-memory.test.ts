import { expect, test } from 'vitest';
import { manifestSizeLimit } from '@escale/schema/values';
import { withManifestMemory } from './manifest-memory.ts';

const aMoment = () => new Promise((resolve) => setImmediate(resolve));

/** @returns how many were stored together at most, and how many came through, when every third fails */
async function crowd(count: number, size: number) {
  let [now, most] = [0, 0];
  const manifest = Buffer.alloc(size);
  const one = (index: number) =>
    withManifestMemory(manifest, async () => {
      now += 1;
      most = Math.max(most, now);
      await aMoment();
      now -= 1;
      if (index % 3 === 0) throw new Error('refused');
    });
  const done = await Promise.allSettled(Array.from({ length: count }, (_, index) => one(index)));
  return { stored: most, through: done.filter(({ status }) => status === 'fulfilled').length };
}

test.each([
  ['as large as they may be', manifestSizeLimit, 1],
  ['of a megabyte', 1024 * 1024, 1],
  ['of the largest usual size', 256 * 1024, 32],
  ['small', 2000, 128],
])(
  'manifests %s share the memory, all get their turn, and a failing one gives its place back (T31)',
  async (_, size, stored) => {
    expect(await crowd(300, size)).toEqual({ stored, through: 200 });
  },
);

test('a large one that is being stored holds up none of the usual size', async () => {
  let finish: () => void = () => undefined;
  const large = withManifestMemory(
    Buffer.alloc(manifestSizeLimit),
    () => new Promise<void>((resolve) => (finish = resolve)),
  );
  await expect(withManifestMemory(Buffer.alloc(2000), () => Promise.resolve('stored'))).resolves.toBe('stored');
  finish();
  await large;
});
