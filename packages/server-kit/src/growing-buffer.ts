/** Bytes of the first piece of memory. */
const first = 1024;
/** Bytes after which a body gets all the memory that it has announced: copying it again and again would cost more. */
const much = 256 * 1024;

/**
 * Gives the memory of a buffer that owns it back at once. Left to the garbage collector, the pieces of many requests pile up to
 * hundreds of megabytes: it sees small objects, not what hangs on them. Nobody may use the buffer afterwards.
 */
export function freeMemory({ buffer, length }: Buffer): void {
  if (length === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/**
 * Collects a body piece by piece in at most about twice its bytes, whatever their size: a list of the pieces would take a
 * hundred times as much when each holds one byte.
 */
export class GrowingBuffer {
  #buffer = Buffer.alloc(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param expected bytes in all, where the sender has said it */
  add(piece: Uint8Array, expected: number | undefined): void {
    const needed = this.#size + piece.length;
    if (needed > this.#buffer.length) {
      const doubled = Math.max(needed, 2 * this.#buffer.length, first);
      const known = expected === undefined || expected < needed ? doubled : expected;
      this.#moveTo(needed < much ? Math.min(doubled, known) : known);
    }
    this.#buffer.set(piece, this.#size);
    this.#size = needed;
  }

  /** All bytes, in memory of their own. Nothing may be added afterwards. */
  finish(): Buffer {
    if (this.#buffer.length > this.#size) this.#moveTo(this.#size);
    return this.#buffer;
  }

  /** Gives the memory back; what was collected is lost. */
  free(): void {
    freeMemory(this.#buffer);
    this.#buffer = Buffer.alloc(0);
    this.#size = 0;
  }

  #moveTo(capacity: number): void {
    const larger = Buffer.allocUnsafeSlow(capacity);
    larger.set(this.#buffer.subarray(0, this.#size));
    freeMemory(this.#buffer);
    this.#buffer = larger;
  }
}
