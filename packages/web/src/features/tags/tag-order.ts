import type { TagOrder, TagRowFragment } from '../../graphql/generated/graphql.ts';

type Placed = Pick<TagRowFragment, 'name' | 'digest' | 'pushedAt'>;

/**
 * Puts a tag that has changed where it belongs among the names of a list.
 * @param before the tag as it was, where that is known
 * @returns undefined where only the server knows the place: sizes of others are not at hand
 */
export function placed(
  names: readonly string[],
  before: Placed | undefined,
  tag: Placed,
  orderBy: TagOrder,
): readonly string[] | undefined {
  const isListed = names.includes(tag.name);
  if (orderBy === 'SIZE') return isListed && before?.digest === tag.digest ? names : undefined;
  if (orderBy === 'PUSHED') {
    if (isListed && before?.pushedAt === tag.pushedAt) return names;
    // What is new or was moved is the latest of all.
    return isListed && before === undefined ? undefined : [tag.name, ...names.filter((name) => name !== tag.name)];
  }
  if (isListed) return names;
  // Names of tags are ASCII: the order of their characters is the order of their bytes.
  const at = names.findIndex((name) => name > tag.name);
  return at === -1 ? [...names, tag.name] : names.toSpliced(at, 0, tag.name);
}
