/** `algorithm:hex` of content, of a registered algorithm, in lower case and of the exact length. */
export type Digest = string & { readonly __brand: 'Digest' };

export type DigestAlgorithm = 'sha256' | 'sha512';

/** Hexadecimal characters of each algorithm that the image specification registers. */
export const digestLength = { sha256: 64, sha512: 128 } as const satisfies Record<DigestAlgorithm, number>;

export function isDigestAlgorithm(text: string): text is DigestAlgorithm {
  return Object.hasOwn(digestLength, text);
}

/**
 * Reads a digest as a client wrote it.
 * @returns undefined unless it is one of the registered algorithms in its exact form (image-spec, descriptor.md, Digests; T38)
 */
export function parseDigest(text: string): Digest | undefined {
  const colon = text.indexOf(':');
  const algorithm = text.slice(0, colon);
  if (colon < 0 || !isDigestAlgorithm(algorithm)) return undefined;
  const hex = text.slice(colon + 1);
  return hex.length === digestLength[algorithm] && /^[0-9a-f]+$/.test(hex) ? (text as Digest) : undefined;
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** @param hex lower-case hexadecimal of the algorithm's own length, as a hasher gives it */
export function digestOf(algorithm: DigestAlgorithm, hex: string): Digest {
  return `${algorithm}:${hex}` as Digest;
}
