import type { Digest } from '@escale/schema/values';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { pageOfRows, pageSize, readCursor, type Page, type PageInput } from '../page.ts';
import { manifestColumns, toManifestDetails, type ManifestDetails, type ManifestRow } from './manifest-details.ts';
import { pointingAt, pointingAtEach, subjects } from './pointing-at.ts';

/** What points at a manifest, in byte order of the digests. @throws NAME_UNKNOWN, PAGE_INVALID */
export async function listManifestReferrers(
  ctx: Context,
  manifest: { repository: string; digest: Digest },
  { artifactType, page }: { artifactType?: string | null | undefined; page: PageInput },
): Promise<Page<ManifestDetails>> {
  const repository = await requireRole(ctx, manifest.repository, 'read');
  const size = pageSize(page);
  const after = page.after ? readCursor(page.after, [undefined, 'uuid']) : undefined;
  const pointing = pointingAt(repository.id, manifest.digest);
  const where = `${pointing.sql} ${artifactType ? 'and m.artifact_type = ?' : ''}`;
  const parameters = [...pointing.parameters, ...(artifactType ? [artifactType.replaceAll('\0', '')] : [])];
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

/**
 * The first page of what points at each of these manifests, in one statement. @param first 1 to 100, for each
 * @throws NAME_UNKNOWN, PAGE_INVALID
 */
export async function listReferrersOfEach(
  ctx: Context,
  name: string,
  digests: readonly Digest[],
  first: number | null | undefined,
): Promise<Map<string, Page<ManifestDetails>>> {
  const repository = await requireRole(ctx, name, 'read');
  const size = pageSize({ first });
  const each = subjects(repository.id, digests);
  const rows = await ctx.em.execute<(ManifestRow & { pointed_at: Digest; found: string })[]>(
    `select s.digest as pointed_at, r.* from ${each.sql} s cross join lateral (
         select ${manifestColumns}, count(*) over () as found from manifests m where ${pointingAtEach}
           order by m.digest, m.id limit ?) r
       order by r.digest, r.id`,
    [...each.parameters, size + 1],
  );
  const byDigest = new Map(digests.map((digest) => [digest, [] as typeof rows]));
  for (const row of rows) byDigest.get(row.pointed_at)?.push(row);
  return new Map(
    [...byDigest].map(([digest, found]) => [
      digest,
      pageOfRows(found, {
        size,
        totalCount: Number(found[0]?.found ?? 0),
        keysOf: (row) => [row.digest, row.id],
        toItem: (row) => toManifestDetails(row, repository.name),
      }),
    ]),
  );
}
