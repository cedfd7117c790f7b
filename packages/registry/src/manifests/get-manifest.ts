import type { Reference, RepositoryName } from '@escale/schema/values';
import { readManifest } from '@escale/domain/content';
import type { OnRepository } from '../routing/exchange.ts';

/** HEAD and GET of a manifest by tag or digest (end-3): the bytes as they came, under the type with which they came. */
export async function getManifest({
  ctx,
  request,
  repository,
  services,
  http,
}: OnRepository<{ kind: string; repository: RepositoryName; reference: Reference }>): Promise<void> {
  const { reference } = request;
  const manifest = await readManifest(ctx, repository.id, reference);
  http.set('Docker-Content-Digest', manifest.digest);
  http.set('ETag', `"${manifest.digest}"`);
  http.set('Cache-Control', reference.kind === 'tag' ? 'private, no-cache' : 'private, max-age=31536000, immutable');
  if (http.get('If-None-Match').includes(`"${manifest.digest}"`)) {
    http.status = 304;
    return;
  }
  if (http.method === 'GET') services.pullLog.note(ctx, repository, { reference, digest: manifest.digest });
  http.body = manifest.payload;
  http.set('Content-Type', manifest.mediaType);
}
