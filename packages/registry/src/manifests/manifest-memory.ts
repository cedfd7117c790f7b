/** Manifests of at most 4 MiB that are in memory at once in this process; whoever comes meanwhile waits unread (T31). */
const slots = 16;

let taken = 0;
const waiting: (() => void)[] = [];

/** Runs work that holds a whole manifest in memory, when there is room for it. */
export async function withManifestMemory<Result>(work: () => Promise<Result>): Promise<Result> {
  if (taken < slots) taken += 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else taken -= 1;
  }
}
