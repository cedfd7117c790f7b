import {
  isImageConfig,
  parseImageConfig,
  platformText,
  readTagLabels,
  type ImageConfig,
  type LabelProblem,
  type ParsedManifest,
  type Platform,
  type TagLabels,
} from '@escale/schema/values';
import type { Context } from '../context.ts';

/** Bytes of the largest image config that is kept with its manifest. */
export const manifestConfigLimit = 1024 * 1024;

/** What is written beside a manifest when it is pushed, so that tags and people need not look for it again. */
export interface ManifestFacts extends TagLabels {
  readonly platform: string | null;
  readonly config: Buffer | null;
}

/**
 * What an image says in its config, and what labels ask of the tags on it. A manifest's annotations come before the labels of
 * its config. An index without annotations of its own asks for what all its children ask for as in Quay.
 */
export async function describeManifest(
  ctx: Context,
  repositoryId: string,
  parsed: ParsedManifest,
  bytes: Uint8Array | undefined,
): Promise<ManifestFacts> {
  const config = configOf(parsed, bytes);
  const own = readTagLabels({ annotations: parsed.annotations, labels: config?.labels });
  const shared = parsed.manifests.length > 0 ? await labelsOfChildren(ctx, repositoryId, parsed) : undefined;
  return {
    platform: config ? platformOf(config) : null,
    config: config && bytes ? Buffer.from(bytes) : null,
    expiresAfter: own.expiresAfter ?? shared?.expiresAfter ?? null,
    tagsImmutable: own.tagsImmutable || (shared?.tagsImmutable ?? false),
  };
}

/**
 * The labels and annotations of a pushed manifest that do not do what their text says. Those of an index's children are their own.
 * @param bytes of the image config, where it was read
 */
export function labelProblemsOf(parsed: ParsedManifest, bytes: Uint8Array | undefined): readonly LabelProblem[] {
  return readTagLabels({ annotations: parsed.annotations, labels: configOf(parsed, bytes)?.labels }).problems;
}

function configOf(parsed: ParsedManifest, bytes: Uint8Array | undefined): ImageConfig | undefined {
  return bytes && parsed.config && isImageConfig(parsed.config.mediaType) ? parseImageConfig(bytes) : undefined;
}

/** A platform is shown and searched: only what looks like one. */
function platformOf({ os, architecture, variant }: ImageConfig): string | null {
  if (!os || !architecture) return null;
  const platform = platformText({ os, architecture, ...(variant !== undefined && { variant }) });
  return /^[\w.-]{1,64}(?:\/[\w.-]{1,64}){1,2}$/.test(platform) ? platform : null;
}

const isUnknown = (platform: Platform | undefined): boolean =>
  platform !== undefined && platformText(platform) === 'unknown/unknown';

/** Attestations that builders put into an index are no images and have no say: their platform is unknown. */
async function labelsOfChildren(ctx: Context, repositoryId: string, parsed: ParsedManifest): Promise<TagLabels> {
  const digests = [
    ...new Set(parsed.manifests.filter(({ platform }) => !isUnknown(platform)).map(({ digest }) => digest)),
  ];
  if (digests.length === 0) return { expiresAfter: null, tagsImmutable: false };
  const rows = await ctx.em.execute<{ expires_after: number | null; tags_immutable: boolean }[]>(
    `select expires_after, tags_immutable from manifests where repository_id = ? and digest in (${digests.map(() => '?').join(', ')})`,
    [repositoryId, ...digests],
  );
  const all = rows.length === digests.length;
  const [first] = rows;
  return {
    expiresAfter:
      all && rows.every((row) => row.expires_after === first?.expires_after) ? (first?.expires_after ?? null) : null,
    tagsImmutable: all && rows.every((row) => row.tags_immutable),
  };
}
