import { storedByRepositories } from '../content/stored-bytes.ts';
import type { Context } from '../context.ts';

/** What somebody can see in a repository: live tags, manifests, and their bytes. */
export async function publicContents(
  ctx: Context,
  repositoryId: string,
): Promise<{ tags: number; manifests: number; bytes: number }> {
  const rows = await ctx.em.execute<{ tags: string; manifests: string }[]>(
    `select (select count(*) from tags t where t.repository_id = ? and t.ended_at is null) as tags,
            (select count(*) from manifests m where m.repository_id = ?) as manifests`,
    [repositoryId, repositoryId],
  );
  const bytes = await storedByRepositories(ctx, [repositoryId]);
  return {
    tags: Number(rows[0]?.tags ?? 0),
    manifests: Number(rows[0]?.manifests ?? 0),
    bytes: bytes.get(repositoryId) ?? 0,
  };
}
