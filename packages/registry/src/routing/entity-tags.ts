/** `W/"a", "b"` → a, b: content named by its digest is the same under a weak tag. */
export function entityTags(header: string): string[] {
  return header.split(',').map((tag) => tag.trim().replace(/^(?:W\/)?"(.*)"$/, '$1'));
}

/** Whether a client that says `If-None-Match` holds this content already (RFC 9110 §13.1.2): a 304 then does. */
export function holdsAlready(header: string | undefined, digest: string): boolean {
  return header !== undefined && entityTags(header).some((tag) => tag === '*' || tag === digest);
}
