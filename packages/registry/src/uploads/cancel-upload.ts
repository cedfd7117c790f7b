import type { RepositoryName } from '@escale/schema/values';
import { claimUpload, dropUpload } from '@escale/domain/uploads';
import type { OnRepository } from '../routing/exchange.ts';
import { giveUp } from './receive-body.ts';

/** Ends an upload that will not be finished (end-14); its staged bytes are freed. */
export async function cancelUpload({
  ctx,
  request,
  repository,
  services,
  http,
}: OnRepository<{ kind: string; repository: RepositoryName; upload: string }>): Promise<void> {
  const { uploadWriters: writers, uploadLimits: limits, blobStore } = services;
  const claim = await claimUpload(ctx, { writers, limits }, repository.id, { id: request.upload });
  try {
    await blobStore.discard(claim.id);
    await dropUpload(ctx, claim.id);
  } finally {
    await giveUp(ctx, services, claim);
  }
  http.status = 204;
}
