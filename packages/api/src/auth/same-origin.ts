import type { Context as KoaContext } from 'koa';
import { denied } from '@escale/domain/errors';
import type { ApiConfig } from '../config.ts';

/**
 * Whether a request that acts by cookie comes from our own pages: it carries a header that no foreign form can send, and where
 * the browser names an origin, it is ours.
 * @throws DENIED
 */
export function requireSameOrigin(http: KoaContext, { externalUrl }: ApiConfig): void {
  const origin = http.headers.origin;
  if (http.get('x-escale-csrf') === '') throw denied('requests with a session cookie need the header x-escale-csrf: 1');
  if (origin !== undefined && origin !== new URL(externalUrl).origin)
    throw denied('this request comes from another site');
}
