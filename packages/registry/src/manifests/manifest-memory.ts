import { manifestSizeLimit } from '@escale/schema/values';

/**
 * Bytes that manifests have in memory at once in this process; whoever comes meanwhile waits unread (T31). A manifest takes
 * several times its size: as pieces, as a whole, as text, as what the text says, and on its way to the database.
 */
const budget = 2 * manifestSizeLimit;
/** Bytes of a manifest as most are. The few that are larger share by themselves: two that come slowly hold up nobody else. */
const usual = 256 * 1024;
/** Bytes that even the smallest counts for, so that not all connections are at it together. */
const least = 64 * 1024;

/** Bytes of memory that work shares, in order of arrival. */
class Share {
  #used = 0;
  readonly #waiting: { readonly bytes: number; readonly go: () => void }[] = [];

  async run<Result>(bytes: number, work: () => Promise<Result>): Promise<Result> {
    await new Promise<void>((go) => {
      this.#waiting.push({ bytes, go });
      this.#admit();
    });
    try {
      return await work();
    } finally {
      this.#used -= bytes;
      this.#admit();
    }
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next && this.#used + next.bytes <= budget; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#used += next.bytes;
      next.go();
    }
  }
}

const shares = { usual: new Share(), large: new Share() };

/**
 * Runs work that holds a whole manifest in memory, when there is room for it.
 * @param announced bytes that it will have; undefined when the client does not say: it counts as large as it may be
 */
export async function withManifestMemory<Result>(
  announced: number | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const bytes = Math.min(Math.max(announced ?? manifestSizeLimit, least), manifestSizeLimit);
  return shares[bytes <= usual ? 'usual' : 'large'].run(bytes, work);
}
