import { rightsState } from '@escale/schema/orm';
import type { Context } from '../context.ts';
import type { AccessibleRepository } from './find-accessible.ts';

/**
 * Rights that were seen a moment ago, on which a verb may begin without a look of its own: its statement looks at their state
 * itself (`whileRightsHold`). A verb that does anything else confirms them before it does.
 */
export interface BelievedRights {
  /** Under which they were seen; null once they are confirmed. */
  readonly state: string | null;
  /**
   * Looks again, once.
   * @returns the repository to go on with: another one where the name was given to it since
   * @throws what the request is refused with when they do not hold any more
   */
  confirm(): Promise<AccessibleRepository>;
}

/** SQL of the first part of a statement, with the state as its value: nothing of the rest may happen unless `rights.held`. */
export const rightsHeld = `rights as (select coalesce(?::text = ${rightsState}, true) as held)`;

/**
 * Runs a statement that begins with `rightsHeld` and tells of it. Where rights were changed since they were seen, it has done
 * nothing: then they are looked at, and it runs again.
 * @param repositoryId in which it does something
 * @returns undefined when the name of the repository is another one's by now: nothing was done
 * @throws what the request is refused with when they do not hold any more
 */
export async function whileRightsHold<Row extends { readonly held: boolean }>(
  { believed }: Pick<Context, 'believed'>,
  repositoryId: string,
  run: (state: string | null) => Promise<readonly Row[]>,
): Promise<Row | undefined> {
  const [row] = await run(believed?.state ?? null);
  if (row?.held !== false) return row;
  const now = await believed?.confirm();
  return now?.id === repositoryId ? (await run(null))[0] : undefined;
}
