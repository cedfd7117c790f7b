/** Bytes of one staged block. Azure takes 50,000 of them: 195 GiB for one blob. */
export const blockSize = 4 * 1024 * 1024;

/**
 * Buffers alive at once in this process: 192 MiB, whatever the number of uploads (product.md §8). An upload holds one while
 * it fills; a second one, on its way to the store, only when one is free.
 */
const budget = 48;

interface Lease {
  readonly buffer: Buffer;
  /** Gives the buffer back; once. */
  readonly release: () => void;
}

const free: Buffer[] = [];
const waiting: ((lease: Lease) => void)[] = [];
let alive = 0;

/** Waits for a buffer in order of arrival. Only for those who hold none: so somebody can always go on. */
export async function acquireBuffer(): Promise<Lease> {
  const lease = tryAcquireBuffer();
  return lease ?? new Promise((resolve) => waiting.push(resolve));
}

/** @returns undefined when none is free now, or others wait */
export function tryAcquireBuffer(): Lease | undefined {
  if (waiting.length > 0) return undefined;
  if (alive >= budget) return undefined;
  alive += 1;
  return lease(free.pop() ?? Buffer.allocUnsafeSlow(blockSize));
}

function lease(buffer: Buffer): Lease {
  let released = false;
  return {
    buffer,
    release: () => {
      if (released) return;
      released = true;
      const next = waiting.shift();
      if (next) {
        next(lease(buffer));
        return;
      }
      alive -= 1;
      // A few are kept for the next upload; the rest is memory given back after a burst.
      if (free.length < 4) free.push(buffer);
    },
  };
}
