import type { GarbageContext } from './garbage-context.ts';
import { nextItems, settleItems } from './planned-items.ts';
import { garbageManifest } from './unkept-manifests.ts';
import { inTransaction } from '../in-transaction.ts';

/**
 * Deletes the next of the manifests that a run has planned, those that are still garbage under their lock. What is locked by
 * somebody (a push, a tag being set) is in use: it is kept, and looked at again by the next run.
 * @returns undefined when none were left, else how many of this batch went
 */
export async function deletePlannedManifests(ctx: GarbageContext, runId: string): Promise<number | undefined> {
  return inTransaction(ctx, async (inner) => {
    const items = await nextItems(inner, runId, 'manifest');
    if (items.length === 0) return undefined;
    const ids = items.map(({ target }) => target);
    const locked = await inner.em.execute<{ id: string }[]>(
      `select id from manifests where id in (${ids.map(() => '?').join(', ')}) order by id for update skip locked`,
      ids,
    );
    let deleted: string[] = [];
    // Level by level: what an index of this batch lists is garbage when the index is gone.
    for (let level = locked.map(({ id }) => id); level.length > 0;) {
      // A statement of its own: it sees what was committed until the locks were had.
      const gone = await inner.em.execute<{ id: string }[]>(
        `delete from manifests m where m.id in (${level.map(() => '?').join(', ')}) and ${garbageManifest('m')} returning m.id`,
        level,
      );
      if (gone.length === 0) break;
      deleted = [...deleted, ...gone.map(({ id }) => id)];
      const went = new Set(deleted);
      level = level.filter((id) => !went.has(id));
    }
    await settleItems(inner, runId, items, new Set(deleted));
    await inner.faults?.('garbage.manifests.deleting');
    return deleted.length;
  });
}
