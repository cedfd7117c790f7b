import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { algorithmOf } from '@escale/schema/values';
import {
  blobsToCheck,
  databaseTime,
  recordCheck,
  type CheckableBlob,
  type GarbageContext,
} from '@escale/domain/garbage';
import type { BlobKey, BlobStore } from '../storage/blob-store.ts';
import { endFreeze, readFreeze } from './freeze.ts';
import type { StorageParts } from './storage-parts.ts';

/** A blob whose bytes are not what its digest says. */
export interface DamagedBlob {
  readonly digest: string;
  readonly problem: 'missing' | 'damaged';
}

export interface ScrubSettings {
  /** Blobs checked since then are left out. */
  readonly before: Date;
  /** Asked before each blob: whether to go on. */
  readonly goOn?: () => boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onChecked?: (blob: CheckableBlob, problem: DamagedBlob['problem'] | undefined) => void;
}

/**
 * Reads stored bytes and compares them with their digests, one blob at a time. What is missing or damaged is quarantined:
 * nobody gets it, and the next push of it heals it (D31, D40). A store that does not answer proves nothing, and ends the scrub.
 * @returns whether there is nothing left to check
 * @throws StoreUnavailable
 */
export async function scrubBlobs({ orm, blobStore }: StorageParts, settings: ScrubSettings): Promise<boolean> {
  const { before, goOn = () => true, signal, onChecked } = settings;
  const ctx = (): GarbageContext => ({ em: orm.em.fork() });
  for (;;) {
    const blobs = await blobsToCheck(ctx(), before, 100);
    if (blobs.length === 0) return true;
    for (const blob of blobs) {
      if (!goOn()) return false;
      const problem = await check(blobStore, blob, signal);
      await recordCheck(ctx(), blob, problem === undefined);
      onChecked?.(blob, problem);
    }
  }
}

async function check(
  blobStore: BlobStore,
  { storageKey, digest, size }: CheckableBlob,
  signal: AbortSignal | undefined,
): Promise<DamagedBlob['problem'] | undefined> {
  signal?.throwIfAborted();
  const key = storageKey as BlobKey;
  const stored = await blobStore.stat(key);
  if (!stored) return 'missing';
  if (stored.size !== size) return 'damaged';
  const hash = createHash(algorithmOf(digest));
  const bytes = await blobStore.read(key);
  if (!bytes) return 'missing';
  await pipeline(bytes, hash, signal ? { signal } : {});
  return digest.endsWith(`:${hash.digest('hex')}`) ? undefined : 'damaged';
}

/** Within which every blob is checked once (D40). */
const scrubDays = 7;

/**
 * A slice of the scrub that never ends: a minute's work at most, so that called every ten minutes it takes a tenth of what the
 * store can read. While deleting is frozen it goes on to the end of everything, and ends the freeze.
 * @returns what it found
 */
export async function scrubSlice(parts: StorageParts & { readonly signal?: AbortSignal }): Promise<DamagedBlob[]> {
  const frozen = await readFreeze(parts);
  const damaged: DamagedBlob[] = [];
  const until = performance.now() + 60_000;
  const done = await scrubBlobs(parts, {
    before: frozen?.since ?? (await daysAgo(parts, scrubDays)),
    signal: parts.signal,
    goOn: () => frozen !== undefined || performance.now() < until,
    onChecked: ({ digest }, problem) => {
      if (problem) damaged.push({ digest, problem });
    },
  });
  if (frozen && done) await endFreeze(parts);
  return damaged;
}

async function daysAgo({ orm }: StorageParts, days: number): Promise<Date> {
  return new Date((await databaseTime({ em: orm.em.fork() })).getTime() - days * 24 * 60 * 60 * 1000);
}
