import { manifestKind, type Descriptor, type Digest, type ParsedManifest } from '@escale/schema/values';
import { sizeInvalid } from '../errors.ts';

/** Blobs that a manifest lists. */
export interface ListedBlobs {
  /** Without which the manifest cannot be used. */
  readonly needed: readonly Descriptor[];
  /** Of all, in bytes. */
  readonly sizes: ReadonlyMap<Digest, number>;
}

/**
 * An index may list blobs too, as BuildKit before 0.21 does for its caches: kept like layers, yet like an
 * index's other entries they may be absent.
 * @throws SIZE_INVALID when one is listed with two sizes
 */
export function listedBlobs({ config, layers, manifests }: ParsedManifest): ListedBlobs {
  const needed = [...(config ? [config] : []), ...layers];
  const sizes = new Map<Digest, number>();
  for (const { digest, size } of [
    ...needed,
    ...manifests.filter(({ mediaType }) => manifestKind(mediaType) === undefined),
  ]) {
    const known = sizes.get(digest);
    if (known !== undefined && known !== size) throw sizeInvalid(`${digest} is listed with two sizes`);
    sizes.set(digest, size);
  }
  return { needed, sizes };
}

/**
 * SQL of the blobs of a repository (its id first) among some digests, locked with their links against collection, in digest
 * order so that two pushes never wait for each other (P1).
 */
export const blobsKeptFromCollection = `
  select b.id, b.digest, b.size, b.unreferenced_since is not null as unreferenced from blobs b
    join repository_blobs l on l.blob_id = b.id and l.repository_id = ?
    where b.digest = any (?::text[]) and b.state = 'live'
    order by b.digest for key share of b, l`;
