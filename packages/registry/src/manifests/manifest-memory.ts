import { manifestSizeLimit } from '@escale/schema/values';

/**
 * Bytes that manifests of the usual size have in memory at once in this process; whoever comes meanwhile waits unread (T31). A
 * manifest takes several times its size: as pieces, as a whole, as text, as what the text says, and on its way to the database.
 */
const budget = 2 * manifestSizeLimit;
/** Bytes of a manifest as most are. The few that are larger share by themselves: those that come slowly hold up nobody else. */
const usual = 256 * 1024;
/** Bytes that even the smallest counts for, so that not all connections are at it together. */
const least = 64 * 1024;
/** Bytes of large ones that are read, or have been and wait: no more than their own size each. */
const arriving = 4 * manifestSizeLimit;

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
  large: new Share(arriving),
  /** One large one at a time: what it takes beside its bytes is many times as much. */
  storing: new Share(manifestSizeLimit),
};

/**
 * Reads a manifest, and does what it takes with it, when there is room for it in memory.
 * @param announced bytes that it will have; undefined when the client does not say: it counts as large as it may be
 */
export async function withManifestMemory<Result>(
  announced: number | undefined,
  read: () => Promise<Buffer | undefined>,
  store: (manifest: Buffer | undefined) => Promise<Result>,
): Promise<Result> {
  const bytes = Math.min(Math.max(announced ?? manifestSizeLimit, least), manifestSizeLimit);
  if (bytes <= usual) return shares.usual.run(bytes, async () => store(await read()));
  return shares.large.run(bytes, async () => {
    const manifest = await read();
    // What did not say its size may be small after all.
    if (!manifest || manifest.length <= usual) return store(manifest);
    return shares.storing.run(manifestSizeLimit, () => store(manifest));
  });
}
