import { expect, test } from 'vitest';
import { manifestSizeLimit } from '@escale/schema/values';
import { withManifestMemory } from './manifest-memory.ts';

/** Counts who is at it together. */
function counting() {
  const count = { now: 0, most: 0 };
  const during = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    count.now += 1;
    count.most = Math.max(count.most, count.now);
    try {
      return await work();
    } finally {
      count.now -= 1;
    }
  };
  return { count, during };
}

const aMoment = () => new Promise((resolve) => setImmediate(resolve));

/** @returns how many were in memory, how many were being stored together, and how many came through, when every third fails */
async function crowd(count: number, announced: number | undefined, actual: number) {
  const [held, stored] = [counting(), counting()];
  const one = async (index: number) => {
    let free = (): void => undefined;
    const reading = async () => {
      void held.during(() => new Promise<void>((resolve) => (free = resolve)));
      await aMoment();
      return Buffer.alloc(actual);
    };
    const storing = () =>
      stored.during(async () => {
        await aMoment();
        if (index % 3 === 0) throw new Error('refused');
      });
    await withManifestMemory(announced, reading, () => storing().finally(() => free()));
  };
  const done = await Promise.allSettled(Array.from({ length: count }, (_, index) => one(index)));
  const through = done.filter(({ status }) => status === 'fulfilled').length;
  return { held: held.count.most, stored: stored.count.most, through };
}

test.each([
  ['as large as they may be', manifestSizeLimit, manifestSizeLimit, 4, 1],
  ['of a size that nobody tells', undefined, manifestSizeLimit, 4, 1],
  ['small, of a size that nobody tells', undefined, 2000, 4, 4],
  ['of a megabyte', 1024 * 1024, 1024 * 1024, 16, 1],
  ['small', 2000, 2000, 128, 128],
])(
  'manifests %s share the memory, all get their turn, and a failing one gives its place back (T31)',
  async (_, announced, actual, held, stored) => {
    expect(await crowd(300, announced, actual)).toEqual({ held, stored, through: 200 });
  },
);

test('large ones that come slowly hold up large ones alone, and none that has come', async () => {
  const order: string[] = [];
  let arrive: () => void = () => undefined;
  const slowly = new Promise<Buffer>((resolve) => {
    arrive = () => {
      resolve(Buffer.alloc(manifestSizeLimit));
    };
  });
  const note = (name: string) => async () => {
    order.push(name);
    await aMoment();
  };
  const large = Buffer.alloc(manifestSizeLimit);
  const push = (read: () => Promise<Buffer>, name: string) => withManifestMemory(manifestSizeLimit, read, note(name));
  const slow = Array.from({ length: 3 }, () => push(() => slowly, 'slow'));
  await push(() => Promise.resolve(large), 'quick');
  const fourth = push(() => slowly, 'slow');
  const late = push(() => Promise.resolve(large), 'late');
  await withManifestMemory(2000, () => Promise.resolve(Buffer.alloc(2000)), note('small'));
  expect(order).toEqual(['quick', 'small']);
  arrive();
  await Promise.all([...slow, fourth, late]);
  expect(order).toEqual(['quick', 'small', 'slow', 'slow', 'slow', 'slow', 'late']);
});
