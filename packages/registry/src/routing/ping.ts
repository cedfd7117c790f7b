import type { Exchange } from './exchange.ts';

/** Where clients learn that this is a registry, and that their token holds (end-1). */
export function ping({ http }: Exchange<{ kind: 'ping' }>): void {
  http.body = {};
}
