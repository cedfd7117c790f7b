import type { Context as KoaContext } from 'koa';
import type { Context } from '@escale/domain/context';
import { anonymous } from '@escale/domain/access';
import { clientFacts } from '../client-facts.ts';
import { identify } from '../auth/identify.ts';
import type { ContentLoaders } from '../manifests/content-loaders.ts';
import type { Services } from '../services.ts';
import { createLoaders, type Loaders } from './loaders.ts';

/** The domain's context, with what only this server has. */
export interface ApiContext extends Context {
  readonly services: Services;
  readonly http: KoaContext;
  loaders: Loaders;
  /** By the name of a repository. */
  contentLoaders: Map<string, ContentLoaders>;
  /** Signed in for the first time: the user name is still to be confirmed, and nothing else can be done before. */
  readonly unconfirmed: boolean;
}

/** A fresh fork of the database for each request: nothing is shared between two callers. */
export async function createContext(
  services: Services,
  http: KoaContext,
  options: { touch?: boolean } = {},
): Promise<ApiContext> {
  const nobody: Context = {
    em: services.orm.em.fork(),
    principal: anonymous,
    now: new Date(),
    vault: services.vault,
    client: clientFacts(services, http),
  };
  const { principal, unconfirmed } = await identify(services, http, nobody, options);
  const ctx: Context = { ...nobody, principal };
  return { ...ctx, unconfirmed, services, http, loaders: createLoaders(ctx), contentLoaders: new Map() };
}

/** From here on everything is read again. */
export function forgetLoaded(ctx: ApiContext): void {
  ctx.loaders = createLoaders(ctx);
  ctx.contentLoaders = new Map();
}
