import { createSHA256, createSHA512, type IHasher } from 'hash-wasm';
import type { DigestAlgorithm } from '@escale/schema/values';

/**
 * A hash whose state can be saved between the requests of an upload, so that any process can go on with it. (Node's own
 * hash is faster but cannot be saved.)
 */
export async function openHasher(algorithm: DigestAlgorithm, state?: Uint8Array | null): Promise<IHasher> {
  const hasher = await (algorithm === 'sha512' ? createSHA512() : createSHA256());
  hasher.init();
  // A state that is not of this algorithm and length is refused by the library: fails closed (T7).
  if (state) hasher.load(state);
  return hasher;
}
