import { createHash } from 'node:crypto';
import { v7 } from 'uuid';
import { digestOf, parseManifest, type Digest, type TagName } from '@escale/schema/values';
import { pushManifest, type PushedManifest } from '../content/push-manifest.ts';
import type { Context } from '../context.ts';

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';
const sha256 = (bytes: string): Digest => digestOf('sha256', createHash('sha256').update(bytes).digest('hex'));

export interface TestImage {
  readonly tags?: readonly string[];
  /** Contents of the layers; equal contents are one blob. */
  readonly layers?: readonly string[];
  /** What the config says under `config.Labels`. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: Digest;
  readonly artifactType?: string;
  /** Media type of every layer. */
  readonly layerType?: string;
  readonly condition?: PushedManifest['condition'];
  /** Only the manifest is sent. */
  readonly blobsAreHere?: boolean;
}

/** What was pushed, with the bytes that it takes. */
export interface PushedTestImage {
  readonly digest: Digest;
  /** Of the manifest alone. */
  readonly size: number;
  readonly mediaType: string;
  readonly configSize: number;
}

/** Pushes an image as the registry does once its blobs are there: the blobs are rows without bytes. */
export async function pushTestImage(
  ctx: Context,
  repository: { id: string; name: string },
  {
    tags = [],
    layers = ['layer'],
    labels = {},
    annotations = {},
    subject,
    artifactType,
    layerType = 'application/vnd.oci.image.layer.v1.tar',
    condition,
    blobsAreHere = false,
  }: TestImage = {},
): Promise<PushedTestImage> {
  const config = JSON.stringify({
    os: 'linux',
    architecture: 'amd64',
    config: { Labels: labels },
    history: [...layers.map((layer) => ({ created_by: `COPY ${layer}` })), { created_by: 'CMD', empty_layer: true }],
  });
  for (const blob of blobsAreHere ? [] : [config, ...layers]) await addTestBlob(ctx, repository.id, blob);
  const describe = (mediaType: string, bytes: string) => ({ mediaType, digest: sha256(bytes), size: bytes.length });
  const manifest = {
    schemaVersion: 2,
    mediaType: ociManifest,
    config: describe('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => describe(layerType, layer)),
    ...(artifactType !== undefined && { artifactType }),
    annotations,
    ...(subject !== undefined && { subject: { mediaType: ociManifest, digest: subject, size: 1 } }),
  };
  return push(ctx, repository, JSON.stringify(manifest), { tags, config: Buffer.from(config), condition });
}

/** Pushes an index of manifests. */
export async function pushTestIndex(
  ctx: Context,
  repository: { id: string; name: string },
  children: readonly PushedTestImage[],
  tags: readonly string[] = [],
): Promise<PushedTestImage> {
  const index = {
    schemaVersion: 2,
    mediaType: ociIndex,
    manifests: children.map(({ digest, size, mediaType }, place) => ({
      mediaType,
      digest,
      size,
      platform: { os: 'linux', architecture: `arch${String(place)}` },
    })),
  };
  return push(ctx, repository, JSON.stringify(index), { tags, config: undefined, condition: undefined });
}

async function push(
  ctx: Context,
  repository: { id: string; name: string },
  text: string,
  { tags, config, condition }: { tags: readonly string[] } & Pick<PushedManifest, 'config' | 'condition'>,
): Promise<PushedTestImage> {
  const payload = Buffer.from(text);
  const parsed = parseManifest(payload, undefined);
  const digest = sha256(text);
  await pushManifest(ctx, repository, { digest, payload, parsed, tags: tags as TagName[], config, condition });
  return { digest, size: payload.length, mediaType: parsed.mediaType, configSize: config?.length ?? 0 };
}

async function addTestBlob(ctx: Context, repositoryId: string, bytes: string): Promise<void> {
  await ctx.em.execute(
    `insert into blobs (id, digest, size, storage_key, state, lease_until, created_at)
       values (?, ?, ?, ?, 'live', now() + interval '6 hours', now()) on conflict do nothing`,
    [v7(), sha256(bytes), bytes.length, v7()],
  );
  await ctx.em.execute(
    `insert into repository_blobs (repository_id, blob_id, created_at)
       select ?, id, now() from blobs where digest = ? and state = 'live' on conflict do nothing`,
    [repositoryId, sha256(bytes)],
  );
}
