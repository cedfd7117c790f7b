import { listRepositoryNames } from '@escale/domain/repositories';
import type { Exchange } from '../routing/exchange.ts';
import { nextPage, readPage } from '../routing/paging.ts';

/** Names of the repositories that the caller may pull from, in byte order. */
export async function listCatalog({ ctx, query, http }: Exchange<{ kind: 'catalog' }>): Promise<void> {
  const page = readPage(query, 100);
  const { names, more } = page.limit === 0 ? { names: [], more: false } : await listRepositoryNames(ctx, page);
  const last = names.at(-1);
  if (more && last !== undefined) http.set('Link', nextPage('/v2/_catalog', { n: String(page.limit), last }));
  http.body = { repositories: names };
}
