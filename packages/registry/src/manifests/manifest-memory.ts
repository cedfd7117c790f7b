import { manifestSizeLimit } from '@escale/schema/values';

/**
 * Bytes of manifests of the usual size that are stored at once in this process; others wait (T31). A manifest takes several times
 * its size: as bytes, as text, as what the text says, and on its way to the database.
 */
const budget = 2 * manifestSizeLimit;
/** Bytes of a manifest as most are. Larger ones take turns among themselves. */
const usual = 256 * 1024;
/** Minimum number of bytes charged per manifest, so that small manifests cannot occupy every connection of the database. */
const least = 64 * 1024;

/** Bytes of memory that work shares, in order of arrival. */
class Share {
  readonly #budget: number;
  #used = 0;
  readonly #waiting: { readonly bytes: number; readonly go: () => void }[] = [];

  constructor(bytes: number) {
    this.#budget = bytes;
  }

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
    for (let next = this.#waiting[0]; next && this.#used + next.bytes <= this.#budget; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#used += next.bytes;
      next.go();
    }
  }
}

const shares = {
  usual: new Share(budget),
  /** One at a time: what a large one takes beside its bytes is many times as much. */
  large: new Share(manifestSizeLimit),
};

/**
 * Stores a manifest that has arrived when there is memory for what storing takes. The bytes themselves are accounted for where
 * they arrive (`BodyMemory`): nobody waits here for a client.
 */
export function withManifestMemory<Result>(manifest: Buffer, store: () => Promise<Result>): Promise<Result> {
  return manifest.length <= usual
    ? shares.usual.run(Math.max(manifest.length, least), store)
    : shares.large.run(manifestSizeLimit, store);
}
