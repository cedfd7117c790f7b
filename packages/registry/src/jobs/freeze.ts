import { beginEpoch, checkFreeze, thaw, type Freeze, type StoreMark } from '@escale/domain/garbage';
import { z } from 'zod';
import type { StorageParts } from './storage-parts.ts';

const mark = z.object({ epoch: z.string(), database: z.string() });

/** @returns since when and why nothing may be deleted; undefined when the database and the store fit each other */
export async function readFreeze({ orm, blobStore }: StorageParts): Promise<Freeze | undefined> {
  return checkFreeze({ em: orm.em.fork() }, async () => parseMark(await blobStore.readMark()));
}

/** A new epoch for a pair that belongs together. */
export async function newEpoch({ orm, blobStore }: StorageParts): Promise<void> {
  await beginEpoch({ em: orm.em.fork() }, (next) => blobStore.writeMark(JSON.stringify(next)));
}

/** Ends a freeze, after a scrub of everything. */
export async function endFreeze(parts: StorageParts): Promise<void> {
  await newEpoch(parts);
  await thaw({ em: parts.orm.em.fork() });
}

/** A mark that cannot be read is that of another database: it freezes. */
function parseMark(text: string | undefined): StoreMark | undefined {
  if (text === undefined) return undefined;
  try {
    return mark.parse(JSON.parse(text));
  } catch {
    return { epoch: '', database: '' };
  }
}
