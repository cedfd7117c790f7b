import type { Context as KoaContext } from 'koa';
import type { Context } from '@escale/domain/context';
import { denied } from '@escale/domain/errors';
import { anonymous } from '@escale/domain/access';
import { clientFacts } from '../client-facts.ts';
import { identify } from '../auth/identify.ts';
import type { Services } from '../services.ts';

/** The domain's context, with what only this server has. */
export interface ApiContext extends Context {
  readonly services: Services;
  readonly http: KoaContext;
  /** Signed in for the first time: the user name is still to be confirmed, and nothing else can be done before. */
  readonly unconfirmed: boolean;
}

/** A fresh fork of the database for each request: nothing is shared between two callers. */
export async function createContext(services: Services, http: KoaContext): Promise<ApiContext> {
  const nobody: Context = {
    em: services.orm.em.fork(),
    principal: anonymous,
    now: new Date(),
    vault: services.vault,
    client: clientFacts(http),
  };
  const { principal, unconfirmed } = await identify(services, http, nobody);
  return { ...nobody, principal, unconfirmed, services, http };
}

/** Fields that somebody may ask who has not yet confirmed a user name. */
const beforeConfirming = new Set(['server', 'viewer', 'namespaceName', 'confirmUsername']);

/** @throws DENIED */
export function requireConfirmed(ctx: ApiContext, rootField: string): void {
  if (ctx.unconfirmed && !beforeConfirming.has(rootField))
    throw denied('confirm your user name first', { confirm: true });
}
