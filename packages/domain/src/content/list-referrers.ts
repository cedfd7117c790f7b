import type { Digest } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { pointingAt } from './pointing-at.ts';

/** A manifest that points at another, as the referrers list shows it. */
export interface Referrer {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ReferrerFilter {
  /** Any of these; all when empty. */
  readonly artifactTypes: readonly string[];
  readonly limit: number;
  /** Digest of the last one seen. */
  readonly last?: string | undefined;
}

interface Row {
  media_type: string;
  digest: Digest;
  size: number;
  artifact_type: string | null;
  annotations: Record<string, string>;
}

/** Bytes of the manifests of one page, of which their annotations are a part: clients read no more at once. */
const pageBytes = 4 * 1024 * 1024;

/**
 * Referrers of a digest within one repository, in byte order of their digests (end-12), those that came before there were
 * referrers included.
 */
export async function listReferrers(
  ctx: Context,
  repositoryId: string,
  subject: Digest,
  { artifactTypes, limit, last = '' }: ReferrerFilter,
): Promise<{ referrers: Referrer[]; more: boolean }> {
  const pointing = pointingAt(repositoryId, subject);
  const rows = await ctx.em.execute<(Row & { found: string })[]>(
    `select * from (
       select listed.*, count(*) over () as found, sum(size) over (order by digest) - size as bytes_before from (
         select m.media_type, m.digest, m.size, m.artifact_type, m.annotations from manifests m
           where ${pointing.sql} and m.digest > ?
             ${artifactTypes.length > 0 ? `and m.artifact_type in (${artifactTypes.map(() => '?').join(', ')})` : ''}
           order by m.digest limit ?) listed) sized
       where bytes_before < ${String(pageBytes)} order by digest`,
    [...pointing.parameters, last, ...artifactTypes, limit + 1],
  );
  const page = rows.slice(0, limit);
  return {
    referrers: page.map((row) => ({
      mediaType: row.media_type,
      digest: row.digest,
      size: row.size,
      artifactType: row.artifact_type ?? undefined,
      annotations: row.annotations,
    })),
    more: Number(rows[0]?.found ?? 0) > page.length,
  };
}
