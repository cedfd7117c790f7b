import type { Context as KoaContext } from 'koa';
import type { Digest, RepositoryName } from '@escale/schema/values';

/** 201 for a blob that is here now, whichever way it came. */
export function created(http: KoaContext, repository: RepositoryName, digest: Digest): void {
  http.status = 201;
  http.set('Location', `/v2/${repository}/blobs/${digest}`);
  http.set('Docker-Content-Digest', digest);
  http.length = 0;
  http.body = '';
  http.status = 201;
}
