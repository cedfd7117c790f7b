import { afterDeadlock } from '../after-deadlock.ts';
import type { Context } from '../context.ts';
import { inTransaction } from '../in-transaction.ts';
import { dropProvisional } from '../repositories/provisional.ts';
import { unclaimed } from './claim-upload.ts';

/**
 * Forgets an upload: cancelled by its client, expired, or refused because its content was not what it claimed to be. Its staged
 * bytes are freed before, so that a crash between leaves a row that expires, and not bytes that nobody knows. A repository that
 * a push made and that holds nothing goes with its last upload.
 */
export async function dropUpload(ctx: Omit<Context, 'vault'>, id: string): Promise<void> {
  await afterDeadlock(() =>
    inTransaction({ ...ctx, em: ctx.em.fork() }, async (inner) => {
      const [repository] = await inner.em.execute<{ id: string; provisional: boolean }[]>(
        `delete from upload_sessions u using repositories r where u.id = ? and r.id = u.repository_id
           returning r.id, r.provisional`,
        [id],
      );
      if (repository?.provisional) await dropProvisional(inner, repository.id);
    }),
  );
}

/** Ids of uploads that waited too long, at most 100; nobody can go on with them. */
export async function expiredUploads(ctx: Pick<Context, 'em'>): Promise<string[]> {
  const rows = await ctx.em.execute<{ id: string }[]>(
    `select id from upload_sessions where expires_at < now() and ${unclaimed} limit 100`,
  );
  return rows.map(({ id }) => id);
}

/** Those of these ids that are no upload any more: whatever is staged for them belongs to nobody. */
export async function unknownUploads(ctx: Pick<Context, 'em'>, ids: readonly string[]): Promise<string[]> {
  const rows = await ctx.em.execute<{ id: string }[]>(
    `select given.id from unnest(string_to_array(?, ',')) as given (id)
       where not exists (select 1 from upload_sessions u where u.id = given.id::uuid)`,
    [ids.join(',')],
  );
  return rows.map(({ id }) => id);
}
