/** A movable name for one manifest in a repository. */
export type TagName = string & { readonly __brand: 'TagName' };

/** distribution-spec, Pulling manifests: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`. */
export function parseTagName(text: string): TagName | undefined {
  return text.length <= 128 && /^[a-zA-Z0-9_][a-zA-Z0-9._-]*$/.test(text) ? (text as TagName) : undefined;
}
