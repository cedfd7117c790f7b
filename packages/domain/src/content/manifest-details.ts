import {
  artifactKind,
  isImageConfig,
  parseDigest,
  parseImageConfig,
  parseManifest,
  readTagLabels,
  type ArtifactKind,
  type Digest,
  type ImageConfig,
  type LabelProblem,
  type ParsedManifest,
} from '@escale/schema/values';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { inputInvalid } from '../errors.ts';

/** A manifest as people look at it. */
export interface ManifestDetails {
  readonly id: string;
  readonly repository: string;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType: string | null;
  /** Bytes of the manifest itself. */
  readonly size: number;
  /** The same with each distinct blob and manifest below it. */
  readonly totalSize: number;
  readonly platform: string | null;
  readonly annotations: Readonly<Record<string, string>>;
  readonly subjectDigest: Digest | null;
  readonly pushedAt: Date;
}

export interface ManifestRow {
  id: string;
  digest: Digest;
  media_type: string;
  artifact_type: string | null;
  size: number;
  total_size: string;
  platform: string | null;
  annotations: Record<string, string>;
  subject_digest: Digest | null;
  created_at: Date | string;
}

export const manifestColumns = `m.id, m.digest, m.media_type, m.artifact_type, m.size, m.total_size, m.platform, m.annotations,
  m.subject_digest, m.created_at`;

/** Manifests of a repository by their digests; those that it does not have are left out. @throws NAME_UNKNOWN */
export async function findManifests(
  ctx: Context,
  name: string,
  digests: readonly string[],
): Promise<Map<string, ManifestDetails>> {
  const repository = await requireRole(ctx, name, 'read');
  const wanted = digests.filter((digest) => parseDigest(digest) !== undefined);
  if (wanted.length === 0) return new Map();
  const rows = await ctx.em.execute<ManifestRow[]>(
    `select ${manifestColumns} from manifests m
       where m.repository_id = ? and m.deleted_at is null and m.digest in (${wanted.map(() => '?').join(', ')})`,
    [repository.id, ...wanted],
  );
  return new Map(rows.map((row) => [row.digest, toManifestDetails(row, repository.name)]));
}

/** What a manifest and its config say, read when somebody asks for it. */
export interface ManifestContent {
  readonly parsed: ParsedManifest;
  /** Undefined for what is no image, and for images pushed before configs were kept. */
  readonly config: ImageConfig | undefined;
}

/**
 * Bytes of manifests and configs that are read together at most. A hundred manifests of 4 MiB, parsed for one list of tags, would
 * take more memory than the process has.
 */
const mostContentBytes = 16 * 1024 * 1024;

/**
 * Contents of manifests by their digests, from the database alone.
 * @throws NAME_UNKNOWN, INPUT_INVALID with field `first` when they have more than 16 MiB together
 */
export async function readManifestContents(
  ctx: Context,
  name: string,
  digests: readonly string[],
): Promise<Map<string, ManifestContent>> {
  const repository = await requireRole(ctx, name, 'read');
  const where = `m.repository_id = ? and m.deleted_at is null and m.digest in (${digests.map(() => '?').join(', ')})`;
  const parameters = [repository.id, ...digests];
  if (digests.length > 1) {
    const [sum] = await ctx.em.execute<{ bytes: string | null }[]>(
      `select sum(m.size + coalesce(octet_length(m.config), 0)) as bytes from manifests m where ${where}`,
      parameters,
    );
    if (Number(sum?.bytes ?? 0) > mostContentBytes)
      throw inputInvalid(
        'first',
        `the manifests of this page in ${repository.name} are too large to be read at once: ask for fewer`,
      );
  }
  const rows = await ctx.em.execute<{ digest: string; media_type: string; payload: Buffer; config: Buffer | null }[]>(
    `select m.digest, m.media_type, m.payload, m.config from manifests m where ${where}`,
    parameters,
  );
  return new Map(
    rows.map(({ digest, media_type, payload, config }) => [
      digest,
      { parsed: parseManifest(payload, media_type), config: config === null ? undefined : parseImageConfig(config) },
    ]),
  );
}

/** Whether `kindOfManifest` needs the content: cosign 2 keeps signatures in what looks like an image. */
export function kindNeedsContent({ artifactType }: Pick<ManifestDetails, 'artifactType'>): boolean {
  return isImageConfig(artifactType ?? '');
}

/** What people call a manifest. @param content where it was read */
export function kindOfManifest(
  { artifactType, mediaType, annotations }: Pick<ManifestDetails, 'artifactType' | 'mediaType' | 'annotations'>,
  content?: ManifestContent,
): ArtifactKind {
  const layerTypes = content?.parsed.layers.map((layer) => layer.mediaType);
  return artifactKind({ type: artifactType ?? mediaType, annotations, layerTypes });
}

/** The labels and annotations about tags that do not do what they say. */
export function labelProblemsIn({ parsed, config }: ManifestContent): readonly LabelProblem[] {
  return readTagLabels({ annotations: parsed.annotations, labels: config?.labels }).problems;
}

export function toManifestDetails(row: ManifestRow, repository: string): ManifestDetails {
  return {
    id: row.id,
    repository,
    digest: row.digest,
    mediaType: row.media_type,
    artifactType: row.artifact_type,
    size: row.size,
    totalSize: Number(row.total_size),
    platform: row.platform,
    annotations: row.annotations,
    subjectDigest: row.subject_digest,
    pushedAt: new Date(row.created_at),
  };
}
