import { manifestSizeLimit } from '@escale/schema/values';

/**
 * Bytes of manifests that are in memory at once in this process; whoever comes meanwhile waits unread (T31). A manifest takes
 * several times its size: as pieces, as a whole, as text, as what the text says, and on its way to the database.
 */
const budget = 2 * manifestSizeLimit;
/** Bytes that even the smallest counts for, so that not all connections are at it together. */
const least = 64 * 1024;

let used = 0;
const waiting: { readonly bytes: number; readonly go: () => void }[] = [];

/**
 * Runs work that holds a whole manifest in memory, when there is room for it, in order of arrival.
 * @param announced bytes that it will have; undefined when the client does not say: it counts as large as it may be
 */
export async function withManifestMemory<Result>(
  announced: number | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const bytes = Math.min(Math.max(announced ?? manifestSizeLimit, least), manifestSizeLimit);
  await new Promise<void>((go) => {
    waiting.push({ bytes, go });
    admit();
  });
  try {
    return await work();
  } finally {
    used -= bytes;
    admit();
  }
}

function admit(): void {
  for (let next = waiting[0]; next && used + next.bytes <= budget; next = waiting[0]) {
    waiting.shift();
    used += next.bytes;
    next.go();
  }
}
