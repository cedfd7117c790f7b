import type { Digest } from '@escale/schema/values';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { pageOfRows, pageSize, readCursor, type Page, type PageInput } from '../page.ts';
import { alive } from './kept-manifests.ts';
import { manifestColumns, toManifestDetails, type ManifestDetails, type ManifestRow } from './manifest-details.ts';

/**
 * What points at a manifest: by its subject; listed in the index under the fallback tag `sha256-<hex>` that clients without a
 * referrers API write; or under cosign's own tags `sha256-<hex>.sig`, `.att` and `.sbom`. In byte order of the digests.
 * @throws NAME_UNKNOWN, INPUT_INVALID
 */
export async function listManifestReferrers(
  ctx: Context,
  manifest: { repository: string; digest: Digest },
  { artifactType, page }: { artifactType?: string | null | undefined; page: PageInput },
): Promise<Page<ManifestDetails>> {
  const repository = await requireRole(ctx, manifest.repository, 'read');
  const size = pageSize(page);
  const after = page.after ? readCursor(page.after, [undefined, 'uuid']) : undefined;
  const fallback = manifest.digest.replace(':', '-');
  const where = `m.repository_id = ? and m.deleted_at is null and (
      m.subject_digest = ?
      or m.digest in (select c.digest from tags t join manifest_children c on c.parent_id = t.manifest_id
           where t.repository_id = m.repository_id and t.name = ? and ${alive('t')})
      or m.id in (select t.manifest_id from tags t
           where t.repository_id = m.repository_id and t.name in (?, ?, ?) and ${alive('t')}))
    ${artifactType ? 'and m.artifact_type = ?' : ''}`;
  const parameters = [
    ...[repository.id, manifest.digest, fallback, `${fallback}.sig`, `${fallback}.att`, `${fallback}.sbom`],
    ...(artifactType ? [artifactType.replaceAll('\0', '')] : []),
  ];
  const rows = await ctx.em.execute<ManifestRow[]>(
    `select ${manifestColumns} from manifests m where ${where} ${after ? 'and (m.digest, m.id) > (?, ?::uuid)' : ''}
       order by m.digest, m.id limit ?`,
    [...parameters, ...(after ?? []), size + 1],
  );
  const [counted] = await ctx.em.execute<{ count: string }[]>(
    `select count(*) as count from manifests m where ${where}`,
    parameters,
  );
  return pageOfRows(rows, {
    size,
    totalCount: Number(counted?.count ?? 0),
    keysOf: ({ digest, id }) => [digest, id],
    toItem: (row) => toManifestDetails(row, repository.name),
  });
}
