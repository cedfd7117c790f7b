/** The name of a user, an organization, a team or a robot. */
export type NamespaceName = string & { readonly __brand: 'NamespaceName' };

/** First path segments that belong to the product itself. */
const reserved = new Set([
  ...['v2', 'graphql', 'auth', 'health', 'realms', 'assets', 'settings', 'new', 'search', 'admin'],
  ...['organizations', 'repositories', 'users', 'welcome', 'sign-in', 'library'],
]);

export const namespaceNameRule = 'lower-case letters, digits and single . _ - between them, 2 to 255 characters';

/** Length first, then the pattern: no input can make the pattern slow (T44). */
export function isWellFormedName(text: string): text is NamespaceName {
  return text.length >= 2 && text.length <= 255 && /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(text);
}

/** Names that no user or organization may have, because our own addresses begin with them. */
export function isReservedNamespace(text: string): boolean {
  return reserved.has(text) || text.startsWith('_');
}

/**
 * Makes a name candidate of whatever an identity provider calls a person (reference: first login of a person).
 * Cuts at `@`, folds to ASCII, replaces what the rule forbids by `_` and pads to two characters.
 * @returns always a well-formed name; not necessarily a free one
 */
export function nameCandidate(text: string): NamespaceName {
  const folded = (text.split('@')[0] ?? '')
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .slice(0, 200);
  const cleaned = folded
    .replace(/[^a-z0-9._-]+/g, '_')
    .replace(/[._-]{2,}/g, '_')
    .replace(/^[._-]+|[._-]+$/g, '');
  return cleaned.padEnd(2, '0') as NamespaceName;
}
