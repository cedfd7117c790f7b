import { createSHA256, createSHA512, type IHasher } from 'hash-wasm';
import type { DigestAlgorithm } from '@escale/schema/values';

/**
 * A hash over the bytes of an upload whose state can be saved between its requests, so that any process can go on with it.
 * (Node's own hash is faster but cannot be saved.) Saving or digesting ends it.
 */
export class UploadHash {
  readonly #algorithm: DigestAlgorithm;
  #hasher: IHasher | undefined;

  private constructor(algorithm: DigestAlgorithm, hasher: IHasher) {
    this.#algorithm = algorithm;
    this.#hasher = hasher;
  }

  /** @param state as it was saved; refused when it is not of this algorithm and length: fails closed (T7) */
  static async open(algorithm: DigestAlgorithm, state?: Uint8Array | null): Promise<UploadHash> {
    const hasher = idle[algorithm].pop() ?? (await (algorithm === 'sha512' ? createSHA512() : createSHA256()));
    hasher.init();
    if (state) hasher.load(state);
    return new UploadHash(algorithm, hasher);
  }

  update(piece: Uint8Array): void {
    this.#running().update(piece);
  }

  /** The state, for `open`. */
  save(): Uint8Array {
    return this.#end((hasher) => hasher.save());
  }

  /** Hexadecimal. */
  digest(): string {
    return this.#end((hasher) => hasher.digest('hex'));
  }

  #running(): IHasher {
    if (!this.#hasher) throw new TypeError('this hash has ended');
    return this.#hasher;
  }

  #end<Result>(read: (hasher: IHasher) => Result): Result {
    const hasher = this.#running();
    const result = read(hasher);
    this.#hasher = undefined;
    if (idle[this.#algorithm].length < kept) idle[this.#algorithm].push(hasher);
    return result;
  }
}

/**
 * Each is a WebAssembly instance with memory of its own. Thrown away with every upload, they made the heap be collected as a
 * whole several times a second.
 */
const idle: Record<DigestAlgorithm, IHasher[]> = { sha256: [], sha512: [] };
const kept = 32;
