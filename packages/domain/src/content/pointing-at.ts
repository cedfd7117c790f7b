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
    sql: condition({ repository: '?', subject: '?', fallback: '?', cosign: cosign.map(() => '?') }),
    parameters: [...[repositoryId, subject, subject], ...[repositoryId, fallback, repositoryId, ...cosign]],
  };
}

/** The same for a row `s` for each subject, as `subjects` makes them. */
export const pointingAtEach = condition({
  repository: 's.repository_id',
  subject: 's.digest',
  fallback: 's.fallback',
  cosign: cosignSuffixes.map((suffix) => `s.fallback || '${suffix}'`),
});

/** Rows of `repository_id`, `digest` and `fallback`. @param digests at least one */
export function subjects(repositoryId: string, digests: readonly Digest[]): { sql: string; parameters: string[] } {
  return {
    sql: `(select ?::uuid as repository_id, d.digest, d.fallback from (values ${digests.map(() => '(?, ?)').join(', ')}) as d (digest, fallback))`,
    parameters: [repositoryId, ...digests.flatMap((digest) => [digest, fallbackTag(digest)])],
  };
}

/**
 * The tagged ones are gathered once, as an array, and the others are no set to join with: a database that has no figures yet of a
 * new image's thousands of signatures would look through all of them for each.
 * Made of SQL expressions; where these are placeholders, they stand in the order of `pointingAt`.
 */
function condition(at: { repository: string; subject: string; fallback: string; cosign: readonly string[] }): string {
  const { repository, subject, fallback, cosign } = at;
  return `m.repository_id = ${repository} and m.deleted_at is null and m.digest <> ${subject}
      and (m.subject_digest = ${subject} or (m.subject_digest is null and m.id = any(array(
        select k.id from tags t join manifest_children c on c.parent_id = t.manifest_id
          join manifests k on k.repository_id = t.repository_id and k.digest = c.digest
          where t.repository_id = ${repository} and t.name = ${fallback} and ${alive('t')}
        union all
        select t.manifest_id from tags t
          where t.repository_id = ${repository} and t.name in (${cosign.join(', ')}) and ${alive('t')}))))`;
}

/** `sha256-<hex>`, the algorithm cut at 32 and the hash at 64 characters (distribution-spec, Referrers Tag Schema). */
function fallbackTag(subject: Digest): string {
  const [algorithm = '', hex = ''] = subject.split(':');
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`;
}
