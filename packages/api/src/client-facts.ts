import type { Context as KoaContext } from 'koa';
import type { ClientFacts } from '@escale/domain/context';

/** Where a request came from, for usage logs. */
export function clientFacts(http: KoaContext): ClientFacts {
  const address = http.req.socket.remoteAddress;
  const userAgent = http.get('User-Agent');
  return { ...(address !== undefined && { address }), ...(userAgent && { userAgent }) };
}
