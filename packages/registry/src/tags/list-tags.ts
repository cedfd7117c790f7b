import type { RepositoryName } from '@escale/schema/values';
import { listTags as list } from '@escale/domain/content';
import type { OnRepository } from '../routing/exchange.ts';
import { nextPage, readPage } from '../routing/paging.ts';

/** Names of the tags in byte order, paged by `n` and `last` (end-8). */
export async function listTags({
  ctx,
  request,
  repository,
  query,
  http,
}: OnRepository<{ kind: string; repository: RepositoryName }>): Promise<void> {
  const page = readPage(query);
  const { tags, more } = page.limit === 0 ? { tags: [], more: false } : await list(ctx, repository.id, page);
  const last = tags.at(-1);
  if (more && last !== undefined) {
    http.set('Link', nextPage(`/v2/${request.repository}/tags/list`, { n: String(page.limit), last }));
  }
  http.body = { name: request.repository, tags };
}
