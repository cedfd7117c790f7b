/** `namespace/path`, the `<name>` of the distribution specification, at least two segments here. */
export type RepositoryName = string & { readonly __brand: 'RepositoryName' };

/** The specification's rule for a name, end to end. */
const pattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

/** Characters of a whole name: many clients limit host and name together (distribution-spec, Pulling manifests). */
export const repositoryNameLimit = 255;

/** Names of our kind have a namespace; a bare `app` is well formed to the specification but names nothing here. */
export function parseRepositoryName(text: string): RepositoryName | undefined {
  return text.length <= repositoryNameLimit && text.includes('/') && pattern.test(text)
    ? (text as RepositoryName)
    : undefined;
}

/** Whether a text is a well-formed repository name that lacks the namespace: `app`. */
export function isNameWithoutNamespace(text: string): boolean {
  return text.length <= repositoryNameLimit && !text.includes('/') && pattern.test(text);
}

export function splitRepositoryName(name: RepositoryName): { namespace: string; path: string } {
  const slash = name.indexOf('/');
  return { namespace: name.slice(0, slash), path: name.slice(slash + 1) };
}
