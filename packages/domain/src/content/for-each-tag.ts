import type { TagName } from '@escale/schema/values';
import { DomainError, inputInvalid } from '../errors.ts';
import { requireTagName } from './tag-target.ts';

/** How one of many went; refused ones were left as they are. */
export interface TagOutcome {
  readonly tag: string;
  readonly refusal: DomainError | undefined;
}

/** Tags that one request may change. */
const limit = 500;

/** Does one thing to many tags, one after the other, each in its own transaction: a refusal concerns that tag alone. */
export async function forEachTag(
  tags: readonly string[],
  change: (tag: TagName) => Promise<unknown>,
): Promise<TagOutcome[]> {
  if (tags.length === 0 || tags.length > limit) throw inputInvalid('tags', `name between 1 and ${String(limit)} tags`);
  const outcomes: TagOutcome[] = [];
  for (const tag of new Set(tags))
    outcomes.push({ tag, refusal: await refusalOf(() => change(requireTagName(tag, 'tags'))) });
  return outcomes;
}

/** Why an act on one of many was refused; what is no refusal of this one is thrown. */
export async function refusalOf(act: () => Promise<unknown>): Promise<DomainError | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (error instanceof DomainError && error.code !== 'UNAVAILABLE') return error;
    throw error;
  }
}
