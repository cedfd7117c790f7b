import type { RepositoryName } from '@escale/schema/values';
import { findUpload } from '@escale/domain/uploads';
import type { OnRepository } from '../routing/exchange.ts';
import { progress } from './progress.ts';

/** How far an upload has come (end-13). */
export async function uploadStatus({
  ctx,
  request,
  repository,
  http,
}: OnRepository<{ kind: string; repository: RepositoryName; upload: string }>): Promise<void> {
  const { offset } = await findUpload(ctx, repository.id, request.upload);
  http.status = 204;
  progress(http, request.repository, request.upload, offset);
}
