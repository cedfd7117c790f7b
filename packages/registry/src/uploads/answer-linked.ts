import type { LinkedBytes } from '@escale/domain/content';
import type { Digest, RepositoryName } from '@escale/schema/values';
import { created } from '../blobs/created.ts';
import type { OnRepository } from '../routing/exchange.ts';
import type { Services } from '../services.ts';
import type { BlobKey } from '../storage/blob-store.ts';

/** Answers 201: an upload has become a blob of the repository. Frees what turned out to be superfluous. */
export async function answerLinked(
  { request, services, http }: OnRepository<{ kind: string; repository: RepositoryName }>,
  digest: Digest,
  { superfluous }: LinkedBytes,
): Promise<void> {
  if (superfluous !== undefined) await deleteSuperfluous(services, superfluous as BlobKey);
  services.counters?.blobUploaded();
  created(http, request.repository, digest);
}

/** Frees an object that no row names; that it cannot be done now is no failure of the request. */
export async function deleteSuperfluous({ blobStore, logger }: Services, key: BlobKey): Promise<void> {
  await blobStore.delete(key).catch((error: unknown) => {
    logger.warn({ err: error, key }, 'a superfluous object could not be deleted; it stays until it is swept');
  });
}
