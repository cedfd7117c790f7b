import type { GarbageContext } from './garbage-context.ts';

/** Things dealt with in one transaction: few enough that nobody waits long for its locks. */
const batch = 100;

export interface PlannedItem {
  readonly position: string;
  readonly target: string;
}

/** The next things of a run that nothing has become of yet, in the order of the plan. */
export async function nextItems(
  ctx: GarbageContext,
  runId: string,
  kind: 'manifest' | 'link' | 'blob',
): Promise<PlannedItem[]> {
  return ctx.em.execute<PlannedItem[]>(
    `select position, target from garbage_items where run_id = ? and kind = ? and outcome = 'planned'
       order by position limit ?`,
    [runId, kind, batch],
  );
}

/** Writes into the report what became of these things: deleted, or kept because something came to need them. */
export async function settleItems(
  ctx: GarbageContext,
  runId: string,
  items: readonly PlannedItem[],
  deleted: ReadonlySet<string>,
): Promise<void> {
  for (const outcome of ['deleted', 'kept'] as const) {
    const positions = items
      .filter(({ target }) => deleted.has(target) === (outcome === 'deleted'))
      .map(({ position }) => position);
    if (positions.length === 0) continue;
    await ctx.em.execute(
      `update garbage_items set outcome = ? where run_id = ? and position in (${positions.map(() => '?').join(', ')})`,
      [outcome, runId, ...positions],
    );
  }
}
