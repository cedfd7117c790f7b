import type { Digest } from '@escale/schema/values';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { inputInvalid, manifestInUse, notFound, type DomainError } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';
import { pageOfRows, pageSize, readCursor, type Page, type PageInput } from '../page.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { refusalOf } from './for-each-tag.ts';
import { alive } from './kept-manifests.ts';
import { noteArrival } from './manifest-edges.ts';
import { manifestColumns, toManifestDetails, type ManifestDetails, type ManifestRow } from './manifest-details.ts';
import { requireDigest } from './tag-target.ts';

/** They are counted so far: a repository may have any number of them, and a page says no more than that there are many. */
const countedAtMost = 10_000;

/** Manifests that one request may delete. */
const limit = 100;

/**
 * The condition under which a manifest stands alone: no tag names it, no index here lists it, and it is no signature or the
 * like of something that is here. What is part of another manifest goes with that one.
 */
const untagged = `m.deleted_at is null
  and not exists (select 1 from tags t where t.manifest_id = m.id and ${alive('t')})
  and not exists (select 1 from manifest_children c join manifests i on i.id = c.parent_id
    where c.digest = m.digest and i.repository_id = m.repository_id and i.deleted_at is null)
  and not exists (select 1 from manifests s
    where s.repository_id = m.repository_id and s.digest = m.subject_digest and s.deleted_at is null)`;

/**
 * What was pushed by digest alone, or what tags have left: the latest pushed first. It goes by itself once nothing can restore
 * it; until then it takes up space.
 * @throws NAME_UNKNOWN, PAGE_INVALID
 */
export async function listUntaggedManifests(
  ctx: Context,
  name: string,
  page: PageInput,
): Promise<Page<ManifestDetails>> {
  const repository = await requireRole(ctx, name, 'read');
  const size = pageSize(page);
  const after = page.after ? readCursor(page.after, ['timestamptz', 'uuid']) : undefined;
  const rows = await ctx.em.execute<(ManifestRow & { key: string })[]>(
    `select ${manifestColumns}, m.created_at::text as key from manifests m where m.repository_id = ? and ${untagged}
       ${after ? 'and (m.created_at, m.id) < (?::timestamptz, ?::uuid)' : ''}
       order by m.created_at desc, m.id desc limit ?`,
    [repository.id, ...(after ?? []), size + 1],
  );
  const [counted] = await ctx.em.execute<{ count: string }[]>(
    `select count(*) as count from
       (select 1 from manifests m where m.repository_id = ? and ${untagged} limit ${String(countedAtMost)}) as counted`,
    [repository.id],
  );
  return pageOfRows(rows, {
    size,
    totalCount: Number(counted?.count ?? 0),
    keysOf: ({ key, id }) => [key, id],
    toItem: (row) => toManifestDetails(row, repository.name),
  });
}

/** How one of many went; refused ones were left as they are. */
export interface ManifestOutcome {
  readonly digest: string;
  readonly refusal: DomainError | undefined;
}

/**
 * Deletes manifests that stand alone, each on its own: one that was tagged meanwhile, or that another manifest has taken up, is
 * left as it is. What is deleted is gone for clients at once; tags that named it can bring it back within the time machine's
 * window.
 * @throws NAME_UNKNOWN, DENIED below write, INPUT_INVALID with field `digests`
 */
export async function deleteUntaggedManifests(
  ctx: Context,
  input: { readonly repository: string; readonly digests: readonly string[] },
): Promise<ManifestOutcome[]> {
  const repository = await requireRole(ctx, input.repository, 'write');
  if (input.digests.length === 0 || input.digests.length > limit)
    throw inputInvalid('digests', `name between 1 and ${String(limit)} manifests`);
  const outcomes: ManifestOutcome[] = [];
  for (const digest of new Set(input.digests)) {
    const refusal = await refusalOf(() => deleteUntagged(ctx, repository, requireDigest(digest, 'digests')));
    outcomes.push({ digest, refusal });
  }
  return outcomes;
}

async function deleteUntagged(ctx: Context, repository: { id: string; name: string }, digest: Digest): Promise<void> {
  await inTransaction(ctx, async (inner) => {
    // The lock keeps tags from being set on it, and pushes from listing it, until this is over; what they did before is seen.
    const [locked] = await inner.em.execute<{ id: string }[]>(
      'select m.id from manifests m where m.repository_id = ? and m.digest = ? and m.deleted_at is null for update',
      [repository.id, digest],
    );
    if (!locked) throw notFound(`the manifest ${digest} of this repository`, 'digests');
    const gone = await inner.em.execute<unknown[]>(
      `update manifests m set deleted_at = clock_timestamp() where m.id = ? and ${untagged} returning m.id`,
      [locked.id],
    );
    if (gone.length === 0) throw manifestInUse(digest);
    await noteArrival(inner.em, repository.id, digest);
    recordUsage(inner, 'manifest.deleted', { repository, digest });
    await inner.em.flush();
  });
}
