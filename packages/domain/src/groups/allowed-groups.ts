import { inputInvalid } from '../errors.ts';

/** Patterns that an organization may have. */
const mostPatterns = 100;
const longest = 1024;

/**
 * Whether teams of an organization may follow a group of the identity provider.
 * @param patterns a full path allows that group; the beginning of paths and `*` at the end allows all that begin so: `/platform/*`
 */
export function allowsGroup(patterns: readonly string[] | null | undefined, group: string): boolean {
  return (patterns ?? []).some((pattern) =>
    pattern.endsWith('*') ? group.startsWith(pattern.slice(0, -1)) : group === pattern,
  );
}

/** @returns the patterns, each once, in order @throws INPUT_INVALID with field `patterns` */
export function checkPatterns(patterns: readonly string[]): string[] {
  const given = patterns.map((pattern) => pattern.trim()).filter((pattern) => pattern !== '');
  if (given.length > mostPatterns)
    throw inputInvalid('patterns', `an organization has at most ${String(mostPatterns)} patterns of groups`);
  for (const pattern of given) {
    if (pattern.length > longest) throw inputInvalid('patterns', `a pattern has at most ${String(longest)} characters`);
    if (/\p{Cc}/u.test(pattern) || pattern.slice(0, -1).includes('*'))
      throw inputInvalid('patterns', `"${pattern.slice(0, 100)}" is no pattern: write /platform/dev, or /platform/*`);
  }
  return [...new Set(given)].toSorted();
}

/** Whether two paths may mean one group: providers differ about slashes at the ends and about case. */
export function mayBeSameGroup(one: string, other: string): boolean {
  const plain = (group: string) => group.split('/').filter(Boolean).join('/').toLowerCase();
  return plain(one) === plain(other);
}

/** Paths of groups have no such parts, but addresses in which paths are put do. */
export function hasDotSegment(group: string): boolean {
  return group.split('/').some((part) => part === '.' || part === '..');
}
