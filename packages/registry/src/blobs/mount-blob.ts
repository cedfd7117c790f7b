import { atLeast, parseDigest, parseRepositoryName, type RepositoryName } from '@escale/schema/values';
import { findAccessible, limitCovers } from '@escale/domain/access';
import { mountBlob as mount } from '@escale/domain/content';
import type { OnRepository } from '../routing/exchange.ts';
import { created } from './created.ts';
import { beginUpload } from '../uploads/start-upload.ts';

/**
 * Links a blob of another repository instead of sending it (end-11). Needs pull on the source; whatever is missing, the answer
 * is the same 202 with an upload, so that nothing is learnt about the source (R20, T8).
 */
export async function mountBlob(
  exchange: OnRepository<{ kind: string; repository: RepositoryName; digest: string; from: string | undefined }>,
): Promise<void> {
  const { ctx, request, repository, http } = exchange;
  const digest = parseDigest(request.digest);
  const from = request.from === undefined ? undefined : parseRepositoryName(request.from);
  const source = from && (await findAccessible(ctx, from));
  if (digest && source && atLeast(source.role, 'read') && limitCovers(ctx.principal, source, 'pull')) {
    const blob = await mount(ctx, repository.id, digest, source.id);
    if (blob) {
      created(http, request.repository, blob.digest);
      return;
    }
  }
  await beginUpload(exchange, 'sha256');
}
