import { ForeignKeyConstraintViolationException } from '@mikro-orm/core';
import { afterDeadlock } from '../after-deadlock.ts';
import type { Context } from '../context.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';

/**
 * SQL that marks a repository (its id is the one parameter) as one that stays although it may be empty. It belongs to every
 * statement that stores something; the row is written only the first time.
 */
export const noLongerProvisional = 'update repositories set provisional = false where id = ?::uuid and provisional';

/** Keeps a repository that somebody has configured, also when the push that made it stores nothing. */
export async function keepProvisional({ em }: Pick<Context, 'em'>, repositoryId: string): Promise<void> {
  await em.execute(noLongerProvisional, [repositoryId]);
}

/**
 * Removes a repository that a push made and in which nothing was ever stored, unless an upload is still open there. Its name is
 * free at once, and there is nothing to restore.
 * @returns whether it was removed
 */
export async function dropIfProvisional(ctx: Omit<Context, 'vault'>, repositoryId: string): Promise<boolean> {
  // Nothing that a refused verb left in the caller's entity manager is written along.
  return afterDeadlock(() =>
    inTransaction({ ...ctx, em: ctx.em.fork() }, (inner) => dropProvisional(inner, repositoryId)),
  );
}

/**
 * The same within the caller's transaction. The row lock waits for uploads and pushes that are about to begin here; the next
 * statement sees them. One that comes later finds the repository gone (`isRepositoryGone`). Two pushes that share the row and
 * both go on to write it can make this a deadlock, of which this transaction is the one to end: the caller runs it again.
 */
export async function dropProvisional(ctx: Omit<Context, 'vault'>, repositoryId: string): Promise<boolean> {
  const [repository] = await ctx.em.execute<{ id: string; name: string }[]>(
    'select id, name from repositories where id = ? and provisional and deleted_at is null for update',
    [repositoryId],
  );
  if (!repository) return false;
  const gone = await ctx.em.execute<unknown[]>(
    `delete from repositories r where r.id = ?
       and not exists (select 1 from upload_sessions u where u.repository_id = r.id)
       and not exists (select 1 from repository_blobs l where l.repository_id = r.id)
       and not exists (select 1 from manifests m where m.repository_id = r.id) returning r.id`,
    [repository.id],
  );
  if (gone.length === 0) return false;
  recordUsage(ctx, 'repository.deleted', { repository, details: { empty: true } });
  await ctx.em.flush();
  return true;
}

/** Repositories that one call removes at most. */
const batch = 100;

/**
 * Removes provisional repositories without an upload that are older than this: what is left when a process ends between making
 * a repository and the first upload in it. For a background job.
 * @param olderThan the youngest time of creation that is not yet touched
 * @returns how many were removed; call again while it is not 0
 */
export async function dropForsakenRepositories(ctx: Omit<Context, 'vault'>, olderThan: Date): Promise<number> {
  const due = await ctx.em.execute<{ id: string }[]>(
    `select r.id from repositories r where r.provisional and r.created_at < ? and r.deleted_at is null
       and not exists (select 1 from upload_sessions u where u.repository_id = r.id) order by r.created_at limit ?`,
    [olderThan, batch],
  );
  let dropped = 0;
  for (const { id } of due) if (await dropIfProvisional(ctx, id)) dropped += 1;
  return dropped;
}

/**
 * Whether a write failed because its repository was removed since it was looked up, as a provisional one is when its last
 * upload ends. The push then makes it again.
 */
export function isRepositoryGone(error: unknown): boolean {
  return error instanceof ForeignKeyConstraintViolationException && error.message.includes('repository_id_foreign');
}
