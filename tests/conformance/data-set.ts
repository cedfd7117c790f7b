import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';

export const types = {
  image: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  empty: 'application/vnd.oci.empty.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  nondistributable: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  example1: 'application/vnd.example.oci.conformance.v1',
  example2: 'application/vnd.example.oci.conformance.v2',
} as const;

export type Algorithm = 'sha256' | 'sha512';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly [more: string]: unknown;
}

export interface DataManifest {
  readonly digest: string;
  readonly text: string;
  readonly mediaType: string;
  readonly subject: string | undefined;
}

export function digestOf(content: Buffer | string, algorithm: Algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`;
}

export interface ImageOptions {
  readonly layers?: readonly Descriptor[];
  readonly config?: Descriptor;
  readonly subject?: Descriptor;
  /** Over and beside what an image manifest says. */
  readonly more?: object;
}

/** One kind of content, as the official suite pushes, pulls and deletes it: blobs, manifests in the order of pushing, tags. */
export class DataSet {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests: DataManifest[] = [];
  /** By tag, the digest that it is to name. */
  readonly tags = new Map<string, string>();
  /** By subject, what its referrers list must hold. */
  readonly referrers = new Map<string, Descriptor[]>();
  readonly algorithm: Algorithm;
  /** Descriptors carry their content (`data`). */
  readonly #inline: boolean;

  constructor({ algorithm = 'sha256', inline = false }: { algorithm?: Algorithm; inline?: boolean } = {}) {
    this.algorithm = algorithm;
    this.#inline = inline;
  }

  blob(content: Buffer, mediaType: string): Descriptor {
    const digest = digestOf(content, this.algorithm);
    this.blobs.set(digest, content);
    return {
      mediaType,
      digest,
      size: content.length,
      ...(this.#inline && { data: content.toString('base64') }),
    };
  }

  layer(compressed = true): Descriptor {
    const content = Buffer.concat([Buffer.from('a file for conformance '), randomBytes(600)]);
    return compressed ? this.blob(gzipSync(content), types.layerGzip) : this.blob(content, types.layer);
  }

  config(architecture = 'amd64', more: object = {}): Descriptor {
    const config = { architecture, os: 'linux', rootfs: { type: 'layers', diff_ids: [] }, id: randomUUID(), ...more };
    return this.blob(Buffer.from(JSON.stringify(config)), types.config);
  }

  image({ layers = [this.layer(), this.layer()], config = this.config(), subject, more = {} }: ImageOptions = {}) {
    return this.#manifest({ schemaVersion: 2, mediaType: types.image, config, layers, subject, ...more });
  }

  /** Config empty, one layer of any type: what is not an image (image-spec, Guidelines for Artifact Usage). */
  artifact(artifactType: string, { subject, more = {}, layers }: ImageOptions = {}) {
    const config = this.blob(Buffer.from('{}'), types.empty);
    const content = layers ?? [this.blob(randomBytes(2048), artifactType)];
    return this.image({ layers: content, config, ...(subject && { subject }), more: { artifactType, ...more } });
  }

  index(manifests: readonly Descriptor[], { subject, more = {} }: Pick<ImageOptions, 'subject' | 'more'> = {}) {
    return this.#manifest({ schemaVersion: 2, mediaType: types.index, manifests, subject, ...more });
  }

  /** An index of one image for each of two platforms. */
  platforms(make: (architecture: string) => Descriptor, more: Pick<ImageOptions, 'subject' | 'more'> = {}) {
    const architectures = ['amd64', 'arm64'];
    const listed = architectures.map((architecture) => ({
      ...make(architecture),
      platform: { os: 'linux', architecture },
    }));
    return this.index(listed, more);
  }

  tag(name: string, { digest }: Descriptor): void {
    this.tags.set(name, digest);
  }

  #manifest(body: {
    schemaVersion: 2;
    mediaType: string;
    subject: Descriptor | undefined;
    config?: Descriptor;
    layers?: readonly Descriptor[];
    manifests?: readonly Descriptor[];
    artifactType?: string;
    annotations?: object;
  }): Descriptor {
    const text = JSON.stringify(body);
    const { mediaType, subject } = body;
    const digest = digestOf(text, this.algorithm);
    this.manifests.push({ digest, text, mediaType, subject: subject?.digest });
    const size = Buffer.byteLength(text);
    if (subject) {
      const artifactType = body.artifactType ?? body.config?.mediaType;
      const listed = this.referrers.get(subject.digest) ?? [];
      const { annotations } = body;
      listed.push({
        mediaType,
        digest,
        size,
        ...(artifactType && { artifactType }),
        ...(annotations && { annotations }),
      });
      this.referrers.set(subject.digest, listed);
    }
    return { mediaType, digest, size };
  }
}

/** A set of one image. */
export function newImage(): DataSet {
  const set = new DataSet();
  set.image();
  return set;
}

/** Of its first manifest. */
export const firstDigest = (set: DataSet): string => set.manifests[0]?.digest ?? '';

/** The digest of one of its blobs. */
export const anyBlob = (set: DataSet): string => [...set.blobs.keys()][0] ?? '';
