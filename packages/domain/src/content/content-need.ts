import type { Digest, TagName } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { alive } from './kept-manifests.ts';

/** What of a repository is made of something, as far as an answer names it. */
export interface ContentNeed {
  /** Manifests that list it. */
  readonly manifests: readonly Digest[];
  /** Tags that name these, or an index above them. */
  readonly tags: readonly TagName[];
}

/** Indexes inside each other that are followed upwards (T34). */
const depthLimit = 8;
/** One more than an answer names. */
const namedAtMost = 4;

/**
 * Which manifests of a repository need a blob: those that clients can still pull, by a tag or by digest. One that was deleted
 * by digest and could be restored needs nothing until it is restored.
 * @returns undefined when nothing needs it
 */
export function blobNeed(ctx: Pick<Context, 'em'>, repositoryId: string, blobId: string) {
  const lists = 'exists (select 1 from manifest_blobs e where e.manifest_id = m.id and e.blob_id = ?)';
  return findNeed(ctx, repositoryId, lists, blobId);
}

/** Which indexes of a repository list a manifest; the same rule. */
export function manifestNeed(ctx: Pick<Context, 'em'>, repositoryId: string, digest: Digest) {
  const lists = 'm.id in (select c.parent_id from manifest_children c where c.digest = ?)';
  return findNeed(ctx, repositoryId, lists, digest);
}

async function findNeed(
  { em }: Pick<Context, 'em'>,
  repositoryId: string,
  lists: string,
  what: string,
): Promise<ContentNeed | undefined> {
  const needing = await em.execute<{ id: string; digest: Digest }[]>(
    `select m.id, m.digest from manifests m where m.repository_id = ? and m.deleted_at is null and ${lists}
       order by m.created_at limit ${String(namedAtMost)}`,
    [repositoryId, what],
  );
  if (needing.length === 0) return undefined;
  const tags = await em.execute<{ name: TagName }[]>(
    `with recursive above (id, digest, level) as (
       select m.id, m.digest, 0 from manifests m where m.id in (${needing.map(() => '?').join(', ')})
       union
       select i.id, i.digest, a.level + 1 from above a join manifest_children c on c.digest = a.digest
         join manifests i on i.id = c.parent_id and i.repository_id = ? and i.deleted_at is null
         where a.level < ${String(depthLimit)})
     select distinct t.name from tags t where t.manifest_id in (select id from above) and ${alive('t')}
       order by t.name limit ${String(namedAtMost)}`,
    [...needing.map(({ id }) => id), repositoryId],
  );
  return { manifests: needing.map(({ digest }) => digest), tags: tags.map(({ name }) => name) };
}
