import type { Digest, RepositoryName } from '@escale/schema/values';
import { unlinkBlob } from '@escale/domain/content';
import type { OnRepository } from '../routing/exchange.ts';

/**
 * Takes a blob out of this repository (end-10); other repositories keep it. What a manifest here lists is refused with 405, which
 * the specification has for deletions that are not allowed.
 */
export async function deleteBlob({
  ctx,
  request,
  repository,
  http,
}: OnRepository<{ kind: string; repository: RepositoryName; digest: Digest }>): Promise<void> {
  await unlinkBlob(ctx, repository, request.digest);
  http.status = 202;
  http.body = null;
  http.status = 202;
}
