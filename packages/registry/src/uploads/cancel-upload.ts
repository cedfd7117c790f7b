import type { RepositoryName } from '@escale/schema/values';
import { claimUpload, dropUpload } from '@escale/domain/uploads';
import type { OnRepository } from '../routing/exchange.ts';

/** Ends an upload that will not be finished (end-14); its staged bytes are freed. */
export async function cancelUpload({
  ctx,
  request,
  repository,
  services,
  http,
}: OnRepository<{ kind: string; repository: RepositoryName; upload: string }>): Promise<void> {
  const { upload } = await claimUpload(ctx, repository.id, request.upload);
  await dropUpload(ctx, upload.id);
  await services.blobStore.discard(upload.id);
  http.status = 204;
}
