import type { Digest } from '@escale/schema/values';
import type { Context } from '../context.ts';

/** A manifest that points at another, as the referrers list shows it. */
export interface Referrer {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Referrers of a digest within one repository, in byte order of their digests (end-12). @param page.last exclusive */
export async function listReferrers(
  ctx: Context,
  repositoryId: string,
  subject: Digest,
  page: { artifactTypes: readonly string[]; limit: number; last?: string },
): Promise<{ referrers: Referrer[]; more: boolean }> {
  const wanted = page.artifactTypes.length > 0;
  const rows = await ctx.em.execute<
    {
      media_type: string;
      digest: Digest;
      size: number;
      artifact_type: string | null;
      annotations: Record<string, string>;
    }[]
  >(
    `select media_type, digest, size, artifact_type, annotations from manifests
       where repository_id = ? and subject_digest = ? and deleted_at is null and digest > ?
       ${wanted ? `and artifact_type in (${page.artifactTypes.map(() => '?').join(', ')})` : ''}
       order by digest limit ?`,
    [repositoryId, subject, page.last ?? '', ...page.artifactTypes, page.limit + 1],
  );
  return {
    referrers: rows.slice(0, page.limit).map((row) => ({
      mediaType: row.media_type,
      digest: row.digest,
      size: row.size,
      artifactType: row.artifact_type ?? undefined,
      annotations: row.annotations,
    })),
    more: rows.length > page.limit,
  };
}
