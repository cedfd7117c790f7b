import type { BlobKey } from './blob-store.ts';

/**
 * The key under which a digest's bytes are stored: `sha256/ab/abcdef….<generation>`. In a
 * filesystem that is one of 256 folders, which stay: whoever writes into one never finds that somebody has just removed it.
 * @param digest `algorithm:hex`, already validated
 * @param generation the upload session's id: unique for every upload of the same digest (D4)
 */
export function blobKey(digest: string, generation: string): BlobKey {
  const [algorithm, hex] = digest.split(':') as [string, string];
  return `${algorithm}/${hex.slice(0, 2)}/${hex}.${generation}` as BlobKey;
}

/** Keys become paths and names: nothing but a key may; older ones have a folder for each digest. @throws TypeError */
export function checkKey(key: string): void {
  if (!/^[a-z0-9]+\/[0-9a-f]{2}\/[0-9a-f]+[./][0-9a-f-]+$/.test(key)) throw new TypeError('this is no key of a blob');
}

/** The end of a key: the id of the upload that made the object. */
export function generationOf(key: BlobKey): string {
  checkKey(key);
  return key.slice(Math.max(key.lastIndexOf('/'), key.lastIndexOf('.')) + 1);
}

/** `sha256/ab/abcd….<generation>` → `sha256:abcd…` */
export function digestOfKey(key: BlobKey): string {
  checkKey(key);
  const [algorithm, , hex] = key.split(/[/.]/);
  return `${algorithm ?? ''}:${hex ?? ''}`;
}
