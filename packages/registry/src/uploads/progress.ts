import type { Context as KoaContext } from 'koa';
import type { RepositoryName } from '@escale/schema/values';

/** The headers that tell a client where its upload is and how far it has come. The address is relative: same host (T50). */
export function progress(http: KoaContext, repository: RepositoryName, upload: string, offset: number): void {
  const { status } = http;
  http.set('Location', `/v2/${repository}/blobs/uploads/${upload}`);
  http.set('Docker-Upload-UUID', upload);
  http.set('Range', `0-${String(Math.max(offset - 1, 0))}`);
  http.set('Cache-Control', 'no-store');
  http.body = status === 204 ? null : '';
  http.status = status;
}
