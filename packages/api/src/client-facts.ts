import type { Context as KoaContext } from 'koa';
import type { ClientFacts } from '@escale/domain/context';
import type { Services } from './services.ts';

/** Where a request came from, for usage logs. */
export function clientFacts({ clientAddress }: Pick<Services, 'clientAddress'>, http: KoaContext): ClientFacts {
  const address = clientAddress(http.req);
  const userAgent = http.get('User-Agent');
  return { ...(address !== undefined && { address }), ...(userAgent && { userAgent }) };
}
