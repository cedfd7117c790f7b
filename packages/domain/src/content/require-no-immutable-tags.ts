import type { Context } from '../context.ts';
import { holdsImmutableTags } from '../errors.ts';
import { alive } from './kept-manifests.ts';

/** What holds a repository with immutable tags: deleting it would delete them (T13). @throws TAG_IMMUTABLE */
export async function requireNoImmutableTags(ctx: Context, repository: { id: string; name: string }): Promise<void> {
  const tags = await ctx.em.execute<{ name: string }[]>(
    `select t.name from tags t where t.repository_id = ? and t.immutable and ${alive('t')} order by t.name limit 4`,
    [repository.id],
  );
  if (tags.length > 0)
    throw holdsImmutableTags(
      repository.name,
      tags.map(({ name }) => name),
    );
}
