import { buffer } from 'node:stream/consumers';
import { isImageConfig, type ParsedManifest } from '@escale/schema/values';
import { findBlob, manifestConfigLimit } from '@escale/domain/content';
import type { Context } from '@escale/domain/context';
import { DomainError } from '@escale/domain/errors';
import type { Services } from '../services.ts';
import type { BlobKey } from '../storage/blob-store.ts';

/**
 * The image config that a manifest lists, which is kept with it: the management API has no blob store, and labels in it say
 * when tags expire. At most `manifestConfigLimit` bytes are read.
 * @returns undefined for what is no image, is larger, or is not here (the push is then refused where that is decided)
 */
export async function readConfig(
  { blobStore, recentConfigs }: Services,
  ctx: Context,
  repositoryId: string,
  { config }: ParsedManifest,
): Promise<Buffer | undefined> {
  if (!config || config.size === 0 || config.size > manifestConfigLimit || !isImageConfig(config.mediaType))
    return undefined;
  const recent = recentConfigs.get(config.digest);
  if (recent) return recent.length === config.size ? recent : undefined;
  try {
    const blob = await findBlob(ctx, repositoryId, config.digest);
    if (blob.size !== config.size) return undefined;
    const stream = await blobStore.read(blob.storageKey as BlobKey, { start: 0, end: blob.size - 1 });
    return stream && (await buffer(stream));
  } catch (error) {
    // Not here, or lost by the store: the push is refused, and its client sends the blob (again).
    if (error instanceof DomainError && (error.code === 'BLOB_UNKNOWN' || error.code === 'UNAVAILABLE'))
      return undefined;
    throw error;
  }
}
