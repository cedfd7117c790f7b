import type { GarbageContext } from './garbage-context.ts';

/** An object of which the store says that it is old. */
export interface OldObject {
  readonly key: string;
  /** Of the upload that made it. */
  readonly upload: string;
}

/**
 * Of these, the ones that no row of the database knows: neither a blob, whatever its state, nor an unfinished upload.
 * Called with what is old by the store's time only: a young object may be about to get its row.
 */
export async function unknownObjects<Old extends OldObject>(
  ctx: GarbageContext,
  objects: readonly Old[],
): Promise<Old[]> {
  if (objects.length === 0) return [];
  const blobs = await ctx.em.execute<{ storage_key: string }[]>(
    `select storage_key from blobs where storage_key in (${objects.map(() => '?').join(', ')})`,
    objects.map(({ key }) => key),
  );
  const uploads = await ctx.em.execute<{ id: string }[]>(
    `select id from upload_sessions where id::text in (${objects.map(() => '?').join(', ')})`,
    objects.map(({ upload }) => upload),
  );
  const keys = new Set(blobs.map((row) => row.storage_key));
  const ids = new Set(uploads.map(({ id }) => id));
  return objects.filter(({ key, upload }) => !keys.has(key) && !ids.has(upload));
}

/** Adds to a run's report an object that belonged to nothing. */
export async function reportSwept(
  ctx: GarbageContext,
  runId: string,
  object: { key: string; digest: string; size: number; modifiedAt: Date; deleted: boolean },
): Promise<void> {
  await ctx.em.execute(
    `insert into garbage_items (run_id, kind, target, digest, size, reason, last_referenced_at, outcome)
       values (?, 'object', ?, ?, ?, 'no row of the database knows it', ?, ?) on conflict (run_id, target) do nothing`,
    [runId, object.key, object.digest, object.size, object.modifiedAt, object.deleted ? 'deleted' : 'planned'],
  );
}

/** The database's time: what is old is measured by it alone. */
export async function databaseTime(ctx: GarbageContext): Promise<Date> {
  const [row] = await ctx.em.execute<{ now: Date | string }[]>('select now() as now');
  return new Date(row?.now ?? Number.NaN);
}
