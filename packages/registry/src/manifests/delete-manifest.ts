import type { Reference, RepositoryName } from '@escale/schema/values';
import { deleteManifest as remove } from '@escale/domain/content';
import type { OnRepository } from '../routing/exchange.ts';

/** By tag: that tag. By digest: the manifest and all its tags (end-9); 405 while an index of the repository lists it. */
export async function deleteManifest({
  ctx,
  request,
  repository,
  http,
}: OnRepository<{ kind: string; repository: RepositoryName; reference: Reference }>): Promise<void> {
  await remove(ctx, repository, request.reference);
  http.body = '';
  http.status = 202;
}
