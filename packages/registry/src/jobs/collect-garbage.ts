import {
  blobsOnTheirWayOut,
  deletePlannedLinks,
  deletePlannedManifests,
  finishRun,
  forgetBlobs,
  markPlannedBlobs,
  noteUnlistedBlobs,
  openRun,
  planGarbage,
  type Freeze,
  type GarbageContext,
} from '@escale/domain/garbage';
import type { BlobKey } from '../storage/blob-store.ts';
import { newEpoch, readFreeze } from './freeze.ts';
import type { StorageParts } from './storage-parts.ts';
import { sweepObjects } from './sweep-objects.ts';

/** Seconds for which nothing must have listed a blob before its bytes go. */
export const defaultGraceSeconds = 24 * 60 * 60;

export interface CollectionSettings {
  readonly dryRun?: boolean;
  readonly graceSeconds?: number;
  /** Told now and then what is being done, for a person. */
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Deleting is not safe now; the message says why and what ends it. */
export class CollectionFrozen extends Error {
  override readonly name = 'CollectionFrozen';

  constructor({ since, because }: Freeze) {
    super(
      `nothing is deleted since ${since.toISOString()}: ${because}; this ends by itself when every blob has been checked, ` +
        'and `escale verify` does that at once',
    );
  }
}

/**
 * One run of the collector, online: finds what is garbage, deletes what still is under its lock, then the
 * bytes, then their rows. Several may run at once and any may die at any point: what one leaves, the next finds.
 * A dry run is the finding alone.
 * @returns the id of its report
 * @throws CollectionFrozen
 */
export async function collectGarbage(parts: StorageParts, settings: CollectionSettings = {}): Promise<string> {
  const { dryRun = false, graceSeconds = defaultGraceSeconds, onProgress, signal } = settings;
  const ctx = contextOf(parts);
  const frozen = await readFreeze(parts);
  if (frozen && !dryRun) throw new CollectionFrozen(frozen);
  if (!dryRun) await newEpoch(parts);
  const run = await openRun(ctx(), { dryRun, graceSeconds });
  await planGarbage(ctx(), run, graceSeconds, (count) => onProgress?.(`found ${String(count)}`));
  await ctx().faults?.('garbage.planned');
  if (!dryRun) {
    const each = progress(onProgress);
    await untilNone(signal, each('manifests'), () => deletePlannedManifests(ctx(), run));
    await noteUnlistedBlobs(ctx());
    await untilNone(signal, each('links'), () => deletePlannedLinks(ctx(), run, graceSeconds));
    await untilNone(signal, each('blobs'), () => markPlannedBlobs(ctx(), run, graceSeconds));
    await ctx().faults?.('garbage.blobs.marked');
    await deleteOutgoing(parts, ctx, signal);
  }
  // Objects without a row are looked for while dry too: the report shall be the same.
  await sweepObjects(parts, { run, dryRun, ...(signal && { signal }) });
  await finishRun(ctx(), run);
  if (!dryRun) await newEpoch(parts);
  return run;
}

/** A fork for each step: nothing is remembered between them. */
const contextOf =
  ({ orm, faults }: StorageParts) =>
  (): GarbageContext => ({ em: orm.em.fork(), ...(faults && { faults }) });

const progress = (onProgress: CollectionSettings['onProgress']) => (what: string) => {
  let sum = 0;
  return (count: number) => {
    sum += count;
    onProgress?.(`deleted ${String(sum)} ${what}`);
  };
};

async function untilNone(
  signal: AbortSignal | undefined,
  onDone: (count: number) => void,
  step: () => Promise<number | undefined>,
): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    const done = await step();
    if (done === undefined) return;
    onDone(done);
  }
}

/**
 * Deletes the bytes of blobs whose rows say so, then the rows. A store that fails leaves the row, and the next run tries
 * again: nothing can list such a blob, and a new upload of its digest has another key.
 */
async function deleteOutgoing(
  { blobStore, faults }: StorageParts,
  ctx: () => GarbageContext,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let after: string | undefined; ;) {
    signal?.throwIfAborted();
    const outgoing = await blobsOnTheirWayOut(ctx(), after);
    if (outgoing.length === 0) return;
    await Promise.all(outgoing.map(({ storageKey }) => blobStore.delete(storageKey as BlobKey)));
    await faults?.('garbage.bytes.deleted');
    await forgetBlobs(
      ctx(),
      outgoing.map(({ id }) => id),
    );
    await faults?.('garbage.blobs.deleted');
    after = outgoing.at(-1)?.id;
  }
}
