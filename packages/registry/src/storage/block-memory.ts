import { freeMemory } from '@escale/server-kit/growing-buffer';

/** Bytes of one piece of memory in which blocks are collected before they are sent to a store. */
export const slabSize = 128 * 1024;

/** Slabs in use at once in this process: 96 MiB, whatever the number of uploads. */
const budget = 768;
/** Slabs that are kept for the next upload; the rest is memory given back after a burst. */
const kept = 256;

/** Milliseconds without a byte after which an upload gives up its slabs when others wait for memory. */
const idleTime = 1000;
/** Milliseconds between two checks while somebody waits. */
const checkEvery = 250;

/** An upload that holds slabs which are not full. */
export interface SlabHolder {
  /** When its last byte came, on the clock of `performance.now()`. */
  readonly lastByte: number;
  /** Sends what it has, so that its slabs come back. @returns false while it is at work, or has nothing to send */
  yieldSlabs(): boolean;
}

const free: Buffer[] = [];
const waiting: ((slab: Buffer) => void)[] = [];
const holders: SlabHolder[] = [];
let used = 0;
let checking: NodeJS.Timeout | undefined;

/** @returns undefined when none is free now, or others wait */
export function trySlab(): Buffer | undefined {
  if (waiting.length > 0 || used >= budget) return undefined;
  used += 1;
  return free.pop() ?? Buffer.allocUnsafeSlow(slabSize);
}

/**
 * Waits in order of arrival. Only for those who hold none: so somebody can always go on. Uploads whose client sends nothing
 * at the moment make room.
 */
export async function takeSlab(): Promise<Buffer> {
  const slab = trySlab();
  if (slab) return slab;
  checking ??= setInterval(() => {
    askIdleHolders(performance.now());
  }, checkEvery).unref();
  const taken = new Promise<Buffer>((resolve) => waiting.push(resolve));
  askIdleHolders(performance.now());
  return taken;
}

/** @returns what ends it; to be called when it holds none any more */
export function holdSlabs(holder: SlabHolder): () => void {
  holders.push(holder);
  return () => {
    const place = holders.indexOf(holder);
    if (place >= 0) holders.splice(place, 1);
  };
}

/** Asks as many as somebody waits for, those first that have been idle for the longest time. */
export function askIdleHolders(now: number): void {
  if (waiting.length === 0) {
    clearInterval(checking);
    checking = undefined;
    return;
  }
  const idle = holders.filter(({ lastByte }) => now - lastByte >= idleTime);
  idle.sort((one, other) => one.lastByte - other.lastByte);
  let needed = waiting.length;
  for (const holder of idle) if (needed > 0 && holder.yieldSlabs()) needed -= 1;
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
