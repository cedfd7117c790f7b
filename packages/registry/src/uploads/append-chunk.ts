import type { RepositoryName } from '@escale/schema/values';
import { claimUpload } from '@escale/domain/uploads';
import type { OnRepository } from '../routing/exchange.ts';
import { announcedLength, checkContentRange, offsetOf } from './content-range.ts';
import { progress } from './progress.ts';
import { giveUp, receiveBody, recordReceived } from './receive-body.ts';

/** The next bytes of an upload, as a chunk with a range or as a stream without one (end-5). */
export async function appendChunk({
  ctx,
  request,
  repository,
  services,
  http,
}: OnRepository<{ kind: string; repository: RepositoryName; upload: string }>): Promise<void> {
  try {
    const announced = announcedLength(http.get('Content-Length'));
    const { uploadWriters: writers, uploadLimits: limits } = services;
    const claim = await claimUpload(ctx, { writers, limits }, repository.id, { id: request.upload, announced });
    try {
      checkContentRange(http.get('Content-Range'), http.get('Content-Length'), claim.offset);
    } catch (error) {
      await giveUp(ctx, services, claim);
      throw error;
    }
    const received = await receiveBody(ctx, services, claim, http.req);
    const offset = await recordReceived(ctx, services, claim, received);
    http.status = 202;
    progress(http, request.repository, request.upload, offset);
  } catch (error) {
    const offset = offsetOf(error);
    if (offset !== undefined) progress(http, request.repository, request.upload, offset);
    throw error;
  }
}
