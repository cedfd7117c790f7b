import { indexTypes, type Digest, type ParsedManifest } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { manifestInvalid, sizeInvalid } from '../errors.ts';

/** Indexes inside each other, the outermost included (R17, T34). */
const nestingLimit = 8;

/**
 * What an index says of manifests that are here must be so, and indexes must not nest without end; what is not here may be
 * anything (sparse index). Runs in the transaction that stores the index, which an error undoes.
 * @throws SIZE_INVALID, MANIFEST_INVALID
 */
export async function checkIndex(
  ctx: Context,
  repositoryId: string,
  id: string,
  { manifests }: ParsedManifest,
): Promise<void> {
  if (manifests.length === 0) return;
  const sizes = new Map(manifests.map(({ digest, size }) => [digest, size]));
  const here = await ctx.em.execute<{ digest: Digest; size: number }[]>(
    `select digest, size from manifests
       where repository_id = ? and deleted_at is null and digest in (select digest from manifest_children where parent_id = ?)`,
    [repositoryId, id],
  );
  for (const { digest, size } of here) {
    const said = sizes.get(digest);
    if (said !== size)
      throw sizeInvalid(`the index says that ${digest} has ${String(said)} bytes, it has ${String(size)}`);
  }
  const depth = (await levels(ctx, repositoryId, id, above)) + 1 + (await levels(ctx, repositoryId, id, below));
  if (depth > nestingLimit) throw manifestInvalid(`more than ${String(nestingLimit)} indexes lie inside each other`);
}

const indexes = indexTypes.map((type) => `'${type}'`).join(', ');

/** The index that lists the manifest `n`. */
const above = `join manifest_children c on c.digest = n.digest
  join manifests next on next.id = c.parent_id and next.repository_id = ?`;
/** An index that the index `n` lists. */
const below = `join manifest_children c on c.parent_id = n.id
  join manifests next on next.repository_id = ? and next.digest = c.digest and next.media_type in (${indexes})`;

/** How many steps lead on from a manifest, counted no further than beyond the limit: each manifest once for each step. */
async function levels(ctx: Context, repositoryId: string, id: string, step: string): Promise<number> {
  const [deepest] = await ctx.em.execute<{ level: number }[]>(
    `with recursive nest (id, digest, level) as (
       select id, digest, 0 from manifests where id = ?
       union select next.id, next.digest, n.level + 1 from nest n ${step} where n.level < ?)
     select max(level) as level from nest`,
    [id, repositoryId, nestingLimit],
  );
  return deepest?.level ?? 0;
}
