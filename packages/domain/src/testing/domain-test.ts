import type { User } from '@escale/schema/entities';
import type { EntityManager } from '@escale/schema/orm';
import { anonymous, type Principal } from '../access/principal.ts';
import type { Context } from '../context.ts';
import { userPrincipal } from '../credentials/authenticate.ts';
import { createVault } from '../credentials/vault.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseServerUrl: string;
  }
}

const vault = createVault(Buffer.alloc(32, 7));

/** A context for somebody, on a fork of its own. */
export function contextFor(em: EntityManager, who: User | Principal = anonymous): Context {
  const principal = 'kind' in who ? who : userPrincipal(who, { kind: 'session', signedInAt: new Date() });
  return { em: em.fork(), principal, now: new Date(), vault, client: {} };
}
