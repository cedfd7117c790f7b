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

/** What cosign 2 appends to the fallback tag of what it signs, attests or describes. */
const cosignSuffixes = ['.sig', '.att', '.sbom'];

/**
 * Referrers of a digest within one repository, in byte order of their digests (end-12): manifests that name it as their subject,
 * those that an index under its fallback tag lists, and those that cosign tagged for it. The last two are how clients pointed at
 * things before there were referrers.
 */
export async function listReferrers(
  ctx: Context,
  repositoryId: string,
  subject: Digest,
  { artifactTypes, limit, last = '' }: ReferrerFilter,
): Promise<{ referrers: Referrer[]; more: boolean }> {
  const fallback = fallbackTag(subject);
  const cosign = cosignSuffixes.map((suffix) => fallback + suffix);
  const rows = await ctx.em.execute<(Row & { found: string })[]>(
    `select * from (
       select listed.*, count(*) over () as found, sum(size) over (order by digest) - size as bytes_before from (
         select media_type, digest, size, artifact_type, annotations from manifests
           where repository_id = ? and deleted_at is null and digest > ? and digest <> ?
             and (subject_digest is null or subject_digest = ?) and id in (
               select id from manifests where repository_id = ? and subject_digest = ?
               union all
               select k.id from tags t join manifest_children c on c.parent_id = t.manifest_id
                 join manifests k on k.repository_id = t.repository_id and k.digest = c.digest
                 where t.repository_id = ? and t.name = ? and ${live}
               union all
               select t.manifest_id from tags t
                 where t.repository_id = ? and t.name in (${placeholders(cosign)}) and ${live})
             ${artifactTypes.length > 0 ? `and artifact_type in (${placeholders(artifactTypes)})` : ''}
           order by digest limit ?) listed) sized
       where bytes_before < ${String(pageBytes)} order by digest`,
    [
      ...[repositoryId, last, subject, subject],
      ...[repositoryId, subject, repositoryId, fallback, repositoryId, ...cosign],
      ...artifactTypes,
      limit + 1,
    ],
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

const live = 't.ended_at is null and (t.expires_at is null or t.expires_at > now())';

/** `sha256-<hex>`, the algorithm cut at 32 and the hash at 64 characters (distribution-spec, Referrers Tag Schema). */
export function fallbackTag(subject: Digest): string {
  const [algorithm = '', hex = ''] = subject.split(':');
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`;
}

function placeholders(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}
