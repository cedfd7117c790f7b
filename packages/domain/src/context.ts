import type { EntityManager } from '@escale/schema/orm';
import type { BelievedRights } from './access/believed-rights.ts';
import type { Principal } from './access/principal.ts';
import type { Vault } from './credentials/vault.ts';
import type { Faults } from './faults.ts';

/** Where a request came from, for usage logs. */
export interface ClientFacts {
  readonly address?: string;
  readonly userAgent?: string;
}

/** The first argument of every verb: on what, by whom, when. One for each request, with a fresh fork of the database. */
export interface Context {
  readonly em: EntityManager;
  readonly principal: Principal;
  readonly now: Date;
  readonly vault: Vault;
  readonly client: ClientFacts;
  /** Absent where the caller's rights were looked at, which is nearly everywhere. */
  readonly believed?: BelievedRights;
  /** Tests alone bring one. */
  readonly faults?: Faults;
}

/** The same request in another's name or with other limits. */
export function as(ctx: Context, principal: Principal): Context {
  // A spread leaves out what only its class has.
  return { ...ctx, em: ctx.em, principal };
}
