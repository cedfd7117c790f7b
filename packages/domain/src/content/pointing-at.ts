import type { Digest } from '@escale/schema/values';
import { alive } from './kept-manifests.ts';

/** What cosign 2 appends to the fallback tag of what it signs, attests or describes. */
const cosignSuffixes = ['.sig', '.att', '.sbom'];

/**
 * The condition under which a manifest `m` points at another of its repository: it names it as its subject, an index under the
 * fallback tag lists it, or cosign tagged it for that. The last two are how clients pointed at things before there were referrers.
 */
export function pointingAt(repositoryId: string, subject: Digest): { sql: string; parameters: string[] } {
  const fallback = fallbackTag(subject);
  const cosign = cosignSuffixes.map((suffix) => fallback + suffix);
  return {
    sql: `m.repository_id = ? and m.deleted_at is null and m.digest <> ? and (m.subject_digest is null or m.subject_digest = ?)
      and m.id in (
        select id from manifests where repository_id = ? and subject_digest = ?
        union all
        select k.id from tags t join manifest_children c on c.parent_id = t.manifest_id
          join manifests k on k.repository_id = t.repository_id and k.digest = c.digest
          where t.repository_id = ? and t.name = ? and ${alive('t')}
        union all
        select t.manifest_id from tags t
          where t.repository_id = ? and t.name in (${cosign.map(() => '?').join(', ')}) and ${alive('t')})`,
    parameters: [
      ...[repositoryId, subject, subject],
      ...[repositoryId, subject, repositoryId, fallback, repositoryId, ...cosign],
    ],
  };
}

/** `sha256-<hex>`, the algorithm cut at 32 and the hash at 64 characters (distribution-spec, Referrers Tag Schema). */
function fallbackTag(subject: Digest): string {
  const [algorithm = '', hex = ''] = subject.split(':');
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`;
}
