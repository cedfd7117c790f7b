import type { BlockBlobClient } from '@azure/storage-blob';
import { expect, test } from 'vitest';
import { BlockWriter } from './azure-writer.ts';
import { askIdleHolders } from './block-memory.ts';

/** Takes every block, and counts them. */
function blob() {
  const blocks: number[] = [];
  const client = {
    stageBlock: (_id: string, _body: unknown, length: number) => {
      blocks.push(length);
      return Promise.resolve();
    },
  } as unknown as BlockBlobClient;
  return { client, blocks };
}
const nothing = { parts: [], tail: new Uint8Array() };

test('uploads that pause with all memory in their hands make room for one that goes on, and lose nothing', async () => {
  const { client, blocks } = blob();
  const slow: BlockWriter[] = [];
  // As many as there are slabs.
  for (let index = 0; index < 768; index += 1) {
    const writer = new BlockWriter(client, nothing);
    await writer.write(Buffer.from('slow'));
    slow.push(writer);
  }
  const quick = new BlockWriter(client, nothing);
  let isDone = false;
  const writing = quick.write(Buffer.alloc(300_000)).then(() => (isDone = true));
  askIdleHolders(performance.now());
  await new Promise((resolve) => setImmediate(resolve));
  // Nobody has paused for long.
  expect([isDone, blocks]).toEqual([false, []]);
  const later = performance.now() + 5000;
  while (!isDone) {
    askIdleHolders(later);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await writing;
  expect(blocks.filter((length) => length === 4).length).toBeGreaterThan(0);
  for (const writer of slow) await writer.write(Buffer.from('er'));
  for (const writer of slow) {
    const { parts, tail } = await writer.flush();
    expect(parts.reduce((sum, { length }) => sum + length, 0) + tail.length).toBe(6);
  }
  await quick.abort();
});
