import { expect, test } from 'vitest';
import { withManifestMemory } from './manifest-memory.ts';

test('at most 16 manifests are in memory at once, all get their turn, and a failing one gives its place back (T31)', async () => {
  let inside = 0;
  let most = 0;
  const work = async (index: number) => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    if (index % 3 === 0) throw new Error('refused');
    return index;
  };
  const done = await Promise.allSettled(
    Array.from({ length: 100 }, (_, index) => withManifestMemory(() => work(index))),
  );
  expect(most).toBe(16);
  expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(66);
});
