import { parseDigest, type Digest } from './digest.ts';
import { parseTagName, type TagName } from './tag-name.ts';

/** A tag or a digest, as in `/manifests/<reference>`. */
export type Reference =
  { readonly kind: 'tag'; readonly tag: TagName } | { readonly kind: 'digest'; readonly digest: Digest };

/** What begins like a hash, or is long enough to be one, was meant as a digest; any other colon stands in a tag. */
const meantAsDigest = /^(?:md5|sha\d|blake\d)|:[0-9a-f]{32}/i;

/** @returns `bad-digest` and `bad-tag` apart, because the two are answered by different codes (R5, R6) */
export function parseReference(text: string): Reference | 'bad-digest' | 'bad-tag' {
  if (text.includes(':')) {
    const digest = parseDigest(text);
    if (digest) return { kind: 'digest', digest };
    return meantAsDigest.test(text) ? 'bad-digest' : 'bad-tag';
  }
  const tag = parseTagName(text);
  return tag ? { kind: 'tag', tag } : 'bad-tag';
}

export function referenceText(reference: Reference): string {
  return reference.kind === 'tag' ? reference.tag : reference.digest;
}
