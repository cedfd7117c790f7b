import type { BlobKey } from './blob-store.ts';

/**
 * The key under which a digest's bytes are stored: `sha256/ab/abcdef…/<generation>`.
 * @param digest `algorithm:hex`, already validated
 * @param generation the upload session's id: unique for every upload of the same digest (reliability decision 3)
 */
export function blobKey(digest: string, generation: string): BlobKey {
  const [algorithm, hex] = digest.split(':') as [string, string];
  return `${algorithm}/${hex.slice(0, 2)}/${hex}/${generation}` as BlobKey;
}

/** The last segment of a key: the id of the upload that made the object. */
export function generationOf(key: BlobKey): string {
  return key.slice(key.lastIndexOf('/') + 1);
}
