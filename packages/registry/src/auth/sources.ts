import type { Context } from '@escale/domain/context';
import { principalKey } from '@escale/domain/access';
import type { Sources } from '@escale/server-kit/body-memory';
import { sourceOf } from '@escale/server-kit/client-address';

/** Who is charged for what a request holds: the caller, where one is known, and the address. */
export function sourcesOf({ principal, client }: Pick<Context, 'principal' | 'client'>): Sources {
  const address = `address ${sourceOf(client.address ?? '')}`;
  return principal.kind === 'anonymous' ? [address] : [principalKey(principal), address];
}
