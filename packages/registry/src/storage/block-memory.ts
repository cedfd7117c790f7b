/** Bytes of one piece of memory in which blocks are collected before they are sent to a store. */
export const slabSize = 128 * 1024;

/** Slabs in use at once in this process: 96 MiB, whatever the number of uploads (product.md §8). */
const budget = 768;
/** Slabs that are kept for the next upload; the rest is memory given back after a burst. */
const kept = 256;

/**
 * Gives the memory of a buffer that owns it back at once. Left to the garbage collector, the pieces of many uploads pile up to
 * hundreds of megabytes: it sees small objects, not what hangs on them. Nobody may use the buffer afterwards.
 */
export function freeMemory({ buffer, length }: Buffer): void {
  if (length === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

const free: Buffer[] = [];
const waiting: ((slab: Buffer) => void)[] = [];
let used = 0;

/** @returns undefined when none is free now, or others wait */
export function trySlab(): Buffer | undefined {
  if (waiting.length > 0 || used >= budget) return undefined;
  used += 1;
  return free.pop() ?? Buffer.allocUnsafeSlow(slabSize);
}

/** Waits in order of arrival. Only for those who hold none: so somebody can always go on. */
export async function takeSlab(): Promise<Buffer> {
  return trySlab() ?? new Promise((resolve) => waiting.push(resolve));
}

/** Nobody may read or write them afterwards. */
export function giveBack(slabs: Buffer[]): void {
  for (const slab of slabs.splice(0)) {
    const next = waiting.shift();
    if (next) next(slab);
    else {
      used -= 1;
      if (free.length < kept) free.push(slab);
      else freeMemory(slab);
    }
  }
}
