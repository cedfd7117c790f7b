import { Repository } from '@escale/schema/entities';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { nameUnknown } from '../errors.ts';
import { requireUser } from '../users/require-user.ts';
import { isRepositoryGone } from './provisional.ts';

/** Keeps a repository at hand for the caller, or no longer; twice is no error. @throws UNAUTHORIZED, DENIED for robots, NAME_UNKNOWN */
export async function setStar(ctx: Context, input: { repository: string; starred: boolean }): Promise<Repository> {
  const user = requireUser(ctx);
  const { id } = await requireRole(ctx, input.repository, 'read');
  const change = input.starred
    ? `insert into stars (user_id, repository_id, created_at) values (?, ?, now()) on conflict do nothing`
    : `delete from stars where user_id = ? and repository_id = ?`;
  await ctx.em.execute(change, [user.id, id]).catch((error: unknown) => {
    throw isRepositoryGone(error) ? nameUnknown(input.repository) : error;
  });
  return ctx.em.findOneOrFail(Repository, { id });
}

/** Which of these repositories the caller has starred. */
export async function starredAmong(ctx: Context, repositoryIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (ctx.principal.kind !== 'user' || repositoryIds.length === 0) return new Set();
  const rows = await ctx.em.execute<{ repository_id: string }[]>(
    `select repository_id from stars where user_id = ? and repository_id in (${repositoryIds.map(() => '?').join(', ')})`,
    [ctx.principal.id, ...repositoryIds],
  );
  return new Set(rows.map((row) => row.repository_id));
}
