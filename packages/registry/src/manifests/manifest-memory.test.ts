import { expect, test } from 'vitest';
import { manifestSizeLimit } from '@escale/schema/values';
import { withManifestMemory } from './manifest-memory.ts';

/** @returns how many were at it together, and how many came through, when every third fails */
async function crowd(count: number, announced: number | undefined) {
  let inside = 0;
  let most = 0;
  const work = async (index: number) => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    if (index % 3 === 0) throw new Error('refused');
  };
  const done = await Promise.allSettled(
    Array.from({ length: count }, (_, index) => withManifestMemory(announced, () => work(index))),
  );
  return { most, through: done.filter(({ status }) => status === 'fulfilled').length };
}

test.each([
  ['as large as they may be', manifestSizeLimit, 2],
  ['of a size that nobody tells', undefined, 2],
  ['of a megabyte', 1024 * 1024, 8],
  ['small', 2000, 128],
])(
  'manifests %s share the memory, all get their turn, and a failing one gives its place back (T31)',
  async (_, bytes, most) => {
    expect(await crowd(600, bytes)).toEqual({ most, through: 400 });
  },
);

test('large ones that come slowly hold up large ones alone', async () => {
  const order: string[] = [];
  let arrive: () => void = () => undefined;
  const slowly = new Promise<void>((resolve) => (arrive = resolve));
  const slow = Array.from({ length: 2 }, () => withManifestMemory(manifestSizeLimit, () => slowly));
  const large = withManifestMemory(manifestSizeLimit, async () => {
    order.push('large');
    await slowly;
  });
  await withManifestMemory(2000, async () => {
    order.push('small');
    await Promise.resolve();
  });
  expect(order).toEqual(['small']);
  arrive();
  await Promise.all([...slow, large]);
  expect(order).toEqual(['small', 'large']);
});
