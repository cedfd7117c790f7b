import { Repository } from '@escale/schema/entities';
import { parseRepositoryName } from '@escale/schema/values';
import { findAccessible } from '../access/find-accessible.ts';
import { requireCatalog } from '../access/require-role.ts';
import { grantedRepositories, selectVisible, visibleRepositories } from '../access/visible-repositories.ts';
import type { Context } from '../context.ts';
import { keysetPage, type Page, type PageInput } from '../page.ts';

/** @returns undefined when it does not exist or may not be seen: the two look alike */
export async function findRepository(ctx: Context, name: string): Promise<Repository | undefined> {
  const parsed = parseRepositoryName(name);
  const accessible = parsed && (await findAccessible(ctx, parsed));
  if (!accessible?.role) return undefined;
  return (await ctx.em.findOne(Repository, { id: accessible.id })) ?? undefined;
}

export interface RepositoryFilter {
  /** Exactly this namespace; without it: everything that is the caller's own business. */
  readonly namespace?: string | null | undefined;
  /** Part of the name. */
  readonly search?: string | null | undefined;
  readonly visibility?: 'private' | 'public' | null | undefined;
  /** Those that the caller has starred, or those not starred. */
  readonly starred?: boolean | null | undefined;
  readonly orderBy?: 'name' | 'lastPushed' | undefined;
  readonly page: PageInput;
}

/** Repositories that are counted at most for callers who did not sign in. */
const countedForAnonymous = 10_000;

/**
 * Lists what the caller may see. Without a namespace and without a search, public repositories of others are left out:
 * the list is then "mine".
 */
export async function listRepositories(ctx: Context, filter: RepositoryFilter): Promise<Page<Repository>> {
  const conditions: string[] = [];
  const parameters: unknown[] = [];
  const visible = visibleRepositories(ctx.principal);
  const mine = !filter.namespace && !filter.search && filter.visibility !== 'public' && filter.starred !== true;
  if (mine) {
    const granted = grantedRepositories(ctx.principal);
    conditions.push(granted.sql);
    parameters.push(...granted.parameters);
  } else {
    conditions.push(visible.sql);
    parameters.push(...visible.parameters);
  }
  if (filter.namespace) {
    conditions.push('r.namespace_id = (select id from namespaces where name = ?)');
    parameters.push(filter.namespace);
  }
  if (filter.search) {
    const matching = {
      sql: 'strpos(r.name, lower(?)) > 0',
      parameters: [filter.search.slice(0, 255).replaceAll('\0', '')],
    };
    // The index of a namespace's repositories finds few rows; everywhere else names are compared where the caller may read.
    const { sql, parameters: values } = filter.namespace ? matching : selectVisible(ctx.principal, 'r.id', matching);
    conditions.push(filter.namespace ? sql : `r.id in (${sql})`);
    parameters.push(...values);
  }
  if (filter.visibility) {
    conditions.push('r.visibility = ?');
    parameters.push(filter.visibility);
  }
  if (filter.starred != null && ctx.principal.kind === 'user') {
    const starred = 'exists (select 1 from stars s where s.repository_id = r.id and s.user_id = ?)';
    conditions.push(filter.starred ? starred : `not ${starred}`);
    parameters.push(ctx.principal.id);
  } else if (filter.starred) {
    conditions.push('false');
  }
  const byPush = filter.orderBy === 'lastPushed';
  return keysetPage(ctx, Repository, {
    from: 'repositories r',
    where: conditions.join(' and '),
    parameters,
    order: byPush
      ? [{ sql: `coalesce(r.last_pushed_at, r.created_at)`, descending: true, cast: 'timestamptz' }]
      : [{ sql: 'r.name' }],
    page: filter.page,
    ...(mine && { readOnce: true }),
    ...(ctx.principal.kind === 'anonymous' && { countAtMost: countedForAnonymous }),
  });
}

/**
 * Names in byte order of everything that the caller may pull.
 * @param page.last exclusive
 * @throws UNAUTHORIZED for a registry token that was not asked for this
 */
export async function listRepositoryNames(
  ctx: Context,
  page: { limit: number; last?: string },
): Promise<{ names: string[]; more: boolean }> {
  requireCatalog(ctx);
  const visible = selectVisible(
    ctx.principal,
    'r.name',
    { sql: 'r.name > ?', parameters: [page.last ?? ''] },
    { sql: `order by r.name limit ${String(page.limit + 1)}`, parameters: [] },
  );
  const rows = await ctx.em.execute<{ name: string }[]>(
    `select v.name from (${visible.sql}) v order by v.name limit ?`,
    [...visible.parameters, page.limit + 1],
  );
  return { names: rows.slice(0, page.limit).map(({ name }) => name), more: rows.length > page.limit };
}
