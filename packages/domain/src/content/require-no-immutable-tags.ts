import type { Context } from '../context.ts';
import { holdsImmutableTags, holdsImmutableTagsIn } from '../errors.ts';
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

/** The same for an organization: it goes with all that is in it. @throws TAG_IMMUTABLE naming some of the repositories */
export async function requireNoImmutableRepositories(
  ctx: Context,
  namespace: { id: string; name: string },
): Promise<void> {
  const repositories = await ctx.em.execute<{ name: string }[]>(
    `select r.name from repositories r where r.namespace_id = ? and r.deleted_at is null
       and exists (select 1 from tags t where t.repository_id = r.id and t.immutable and ${alive('t')})
     order by r.name limit 4`,
    [namespace.id],
  );
  if (repositories.length > 0)
    throw holdsImmutableTagsIn(
      namespace.name,
      repositories.map(({ name }) => name),
    );
}
