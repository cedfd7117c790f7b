import { createHash } from 'node:crypto';
import { algorithmOf, digestOf, type Digest } from '@escale/schema/values';

/** Bytes of one; image configs are smaller, and so are few layers. */
const largest = 32 * 1024;
/** How many are remembered, the oldest forgotten first: 8 MiB at most, in practice some hundred kilobytes. */
const kept = 256;

/**
 * The small blobs that came a moment ago: one of them is the config of the image whose manifest comes next, which then need
 * not be read back from the store. Only bytes that were checked against their digest, so they are never stale; whether a
 * repository has the blob is asked elsewhere.
 */
export class RecentConfigs {
  /** By upload, while they arrive: undefined is one that has grown too large or that began elsewhere. */
  readonly #arriving = new Recent<string, Buffer | undefined>();
  readonly #arrived = new Recent<Digest, Buffer>();

  /** @param offset where in the upload this piece begins */
  note(upload: string, offset: number, piece: Uint8Array): void {
    if (offset > largest) return;
    const before = offset === 0 ? Buffer.alloc(0) : this.#arriving.get(upload);
    const whole = before?.length === offset && offset + piece.length <= largest;
    this.#arriving.set(upload, whole ? Buffer.concat([before, piece]) : undefined);
  }

  /** The upload has this content; what came here may be a part of it, or what another process received anew. */
  complete(upload: string, digest: Digest): void {
    const content = this.#arriving.get(upload);
    this.#arriving.delete(upload);
    if (!content) return;
    const algorithm = algorithmOf(digest);
    if (digestOf(algorithm, createHash(algorithm).update(content).digest('hex')) === digest)
      this.remember(digest, content);
  }

  /** @param content of this digest, which the caller has made sure of and does not change */
  remember(digest: Digest, content: Buffer): void {
    if (content.length <= largest) this.#arrived.set(digest, content);
  }

  get(digest: Digest): Buffer | undefined {
    return this.#arrived.get(digest);
  }
}

class Recent<Key, Value> extends Map<Key, Value> {
  override set(key: Key, value: Value): this {
    super.delete(key);
    const oldest = this.size >= kept ? this.keys().next() : undefined;
    if (oldest && !oldest.done) super.delete(oldest.value);
    return super.set(key, value);
  }
}
