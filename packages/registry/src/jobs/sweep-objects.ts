import { databaseTime, lastFrozen, reportSwept, unknownObjects, type GarbageContext } from '@escale/domain/garbage';
import { digestOfKey, generationOf } from '../storage/blob-keys.ts';
import type { StoredObject } from '../storage/blob-store.ts';
import type { StorageParts } from './storage-parts.ts';

/** Days after which an object that no row knows is nobody's: an upload lasts one. */
const days = 7;
const batch = 500;

/**
 * Deletes objects that no row of the database knows and that are older than a week by the store's time:
 * what a process left that died between bytes and rows (D13). Not within a week after a freeze: what a restored database
 * does not know, its owner may still want to look for.
 */
export async function sweepObjects(
  { orm, blobStore, faults }: StorageParts,
  { run, dryRun, signal }: { run: string; dryRun: boolean; signal?: AbortSignal },
): Promise<void> {
  const ctx = (): GarbageContext => ({ em: orm.em.fork() });
  const frozen = await lastFrozen(ctx());
  const limit = new Date((await databaseTime(ctx())).getTime() - days * 24 * 60 * 60 * 1000);
  if (frozen !== undefined && frozen > limit) return;
  const sweep = async (objects: readonly StoredObject[]) => {
    signal?.throwIfAborted();
    const known = objects.map((object) => ({ ...object, upload: generationOf(object.key) }));
    for (const { key, size, modifiedAt } of await unknownObjects(ctx(), known)) {
      if (!dryRun) await blobStore.delete(key);
      await faults?.('garbage.object.swept');
      await reportSwept(ctx(), run, { key, digest: digestOfKey(key), size, modifiedAt, deleted: !dryRun });
    }
  };
  await inBatches(blobStore.list(), limit, sweep);
}

async function inBatches<Thing extends { readonly modifiedAt: Date }>(
  things: AsyncIterable<Thing>,
  limit: Date,
  take: (things: readonly Thing[]) => Promise<void>,
): Promise<void> {
  let old: Thing[] = [];
  for await (const thing of things) {
    if (thing.modifiedAt > limit) continue;
    old.push(thing);
    if (old.length < batch) continue;
    await take(old);
    old = [];
  }
  await take(old);
}
