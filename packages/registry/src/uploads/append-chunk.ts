import type { RepositoryName } from '@escale/schema/values';
import { claimUpload, releaseClaim } from '@escale/domain/uploads';
import type { OnRepository } from '../routing/exchange.ts';
import { checkContentRange, offsetOf } from './content-range.ts';
import { progress } from './progress.ts';
import { receiveBody } from './receive-body.ts';

/** The next bytes of an upload, as a chunk with a range or as a stream without one (end-5). */
export async function appendChunk({
  ctx,
  request,
  repository,
  services,
  http,
}: OnRepository<{ kind: string; repository: RepositoryName; upload: string }>): Promise<void> {
  try {
    const claim = await claimUpload(ctx, repository.id, request.upload);
    try {
      checkContentRange(http.get('Content-Range'), http.get('Content-Length'), claim.upload.offset);
    } catch (error) {
      await releaseClaim(ctx, claim);
      throw error;
    }
    const { offset } = await receiveBody(ctx, services, claim, http.req);
    http.status = 202;
    progress(http, request.repository, request.upload, offset);
  } catch (error) {
    const offset = offsetOf(error);
    if (offset !== undefined) progress(http, request.repository, request.upload, offset);
    throw error;
  }
}
