import { atLeast, referenceText, type Reference, type RepositoryName } from '@escale/schema/values';
import { missingTag, promiseManifest, type StoredManifest } from '@escale/domain/content';
import { manifestUnknown } from '@escale/domain/errors';
import { holdsAlready } from '../routing/entity-tags.ts';
import type { OnContent } from '../routing/exchange.ts';
import { warn } from '../routing/warnings.ts';
import { deprecationOf } from './deprecation.ts';

/**
 * HEAD and GET of a manifest by tag or digest (end-3): the bytes as they came, under the type with which they came. HEAD of a
 * digest by somebody who may push is the question "must I send it?", so the answer is a promise (P2).
 */
export async function getManifest({
  ctx,
  request,
  repository,
  content: manifest,
  services,
  http,
}: OnContent<{ kind: string; repository: RepositoryName; reference: Reference }, StoredManifest>): Promise<void> {
  const { reference } = request;
  if (!manifest) {
    // A HEAD has no body that could say more, and clients ask it of tags that they are about to push.
    throw reference.kind === 'tag' && http.method === 'GET'
      ? await missingTag(ctx, repository, reference.tag)
      : manifestUnknown(referenceText(reference));
  }
  if (
    http.method === 'HEAD' &&
    reference.kind === 'digest' &&
    !manifest.promised &&
    atLeast(repository.role, 'write')
  ) {
    await promiseManifest(ctx, repository.id, reference.digest);
  }
  const unchanged = holdsAlready(http.headers['if-none-match'], manifest.digest);
  // Small payloads came with the row; of large ones nothing was read before the caller's right was known.
  const payload = http.method === 'HEAD' || unchanged ? undefined : await services.hotReads.payload(manifest);
  if (http.method !== 'HEAD' && !unchanged && payload === undefined) throw manifestUnknown(referenceText(reference));
  http.set('Docker-Content-Digest', manifest.digest);
  http.set('ETag', `"${manifest.digest}"`);
  http.set('Cache-Control', reference.kind === 'tag' ? 'private, no-cache' : 'private, max-age=31536000, immutable');
  if (unchanged) {
    http.status = 304;
    return;
  }
  http.set('Content-Type', manifest.mediaType);
  if (payload === undefined) {
    http.status = 200;
    http.length = manifest.size;
    return;
  }
  const deprecation = deprecationOf(payload);
  if (deprecation !== undefined)
    warn(http, `${repository.name} ${referenceText(reference)} is deprecated: ${deprecation || 'no reason is given'}`);
  services.counters?.manifestPulled();
  services.pullLog.note(ctx, repository, { reference, digest: manifest.digest });
  http.body = payload;
}
