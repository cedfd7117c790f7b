import type { PushedManifest } from './push-manifest.ts';
import type { ManifestFacts } from './manifest-facts.ts';

/** A row of `manifests` that is to be, and what it weighs with everything that it lists, in bytes. */
export interface NewManifest extends Pick<PushedManifest, 'digest' | 'payload' | 'parsed'> {
  readonly id: string;
  readonly facts: ManifestFacts;
  readonly totalSize: number;
}

/** SQL that makes the row, unless the repository has the manifest already; with `manifestValues`. @param from what it hangs on */
export const insertManifestFrom = (from: string): string => `
  insert into manifests (id, repository_id, digest, media_type, artifact_type, payload, size, subject_digest, annotations,
      platform, config, expires_after, tags_immutable, total_size, created_at)
    select ?::uuid, ?::uuid, ?, ?, ?, ?::bytea, ?::int, ?, ?::jsonb, ?, ?::bytea, ?::int, ?::boolean, ?::bigint, now() ${from}
    on conflict (repository_id, digest) do nothing returning id, digest`;

export function manifestValues(
  repositoryId: string,
  { id, digest, payload, parsed, facts, totalSize }: NewManifest,
): unknown[] {
  return [
    id,
    repositoryId,
    digest,
    parsed.mediaType,
    parsed.artifactType ?? parsed.config?.mediaType ?? null,
    payload,
    payload.length,
    parsed.subject?.digest ?? null,
    JSON.stringify(parsed.annotations),
    facts.platform,
    facts.config,
    facts.expiresAfter,
    facts.tagsImmutable,
    totalSize,
  ];
}
