import type { Context as KoaContext } from 'koa';

/** What leads from an answer to its line in the log. */
export function requestIdOf(http: KoaContext): string {
  return String((http.state as Record<string, unknown>)['requestId']);
}
