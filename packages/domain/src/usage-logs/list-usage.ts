import { UsageLogEntry } from '@escale/schema/entities';
import { requireNamespaceRole } from '../access/namespace-role.ts';
import { requireAdministrator } from '../access/require-administrator.ts';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { inputInvalid } from '../errors.ts';
import { keysetPage, type Page, type PageInput } from '../page.ts';
import { usageKinds } from './record.ts';

/** Whose entries: a repository's, a namespace's, or (neither named) the whole registry's. An empty name is one that nobody has. */
export interface UsageScope {
  readonly namespace?: string | null | undefined;
  readonly repository?: string | null | undefined;
}

/** Whose entries, of somebody who may read them. */
export interface ReadableUsage {
  /** Null: the whole registry's. By id, because who has a name now may not be who had it. */
  readonly namespaceId: string | null;
  /** Null: of no repository alone. */
  readonly repositoryId: string | null;
}

export interface UsageFilter {
  /** Inclusive. */
  readonly from?: Date | null | undefined;
  /** Exclusive. */
  readonly to?: Date | null | undefined;
  readonly kinds?: readonly string[] | null | undefined;
  /** Exactly this user, robot or `system:…`. */
  readonly performer?: string | null | undefined;
  /** Entries under this name, whoever had it then: for those who read the whole registry's. */
  readonly namespace?: string | null | undefined;
}

/** How many entries of one kind a day (UTC) has. */
export interface UsageCount {
  readonly day: Date;
  readonly kind: string;
  readonly count: number;
}

/** Entries are counted so far; a page of them says no more than that there are many. */
const countedAtMost = 10_000;

/** Days that counts go back at most, and by default. */
const countedDays = { atMost: 366, unlessSaid: 30 };

/**
 * Who may read logs: admins of the repository, admins of the namespace (a user: the own one), administrators the whole
 * registry's.
 * @throws NAME_UNKNOWN, NOT_FOUND, DENIED, UNAUTHORIZED
 */
export async function requireUsageReader(ctx: Context, { namespace, repository }: UsageScope): Promise<ReadableUsage> {
  if (typeof repository === 'string') {
    const { id, namespace: owner, namespaceId } = await requireRole(ctx, repository, 'admin');
    if (typeof namespace === 'string' && namespace !== owner)
      throw inputInvalid('repository', `${repository.slice(0, 255)} is not in ${namespace.slice(0, 255)}`);
    return { namespaceId, repositoryId: id };
  }
  if (typeof namespace === 'string') {
    const { id } = await requireNamespaceRole(ctx, namespace, 'admin');
    return { namespaceId: id, repositoryId: null };
  }
  requireAdministrator(ctx);
  return { namespaceId: null, repositoryId: null };
}

/** The newest first. @throws as `requireUsageReader`; INPUT_INVALID with field `kinds`, `from` */
export async function listUsage(
  ctx: Context,
  scope: UsageScope,
  filter: UsageFilter,
  page: PageInput,
): Promise<Page<UsageLogEntry>> {
  const readable = await requireUsageReader(ctx, scope);
  return keysetPage(ctx, UsageLogEntry, {
    from: 'usage_log_entries x',
    ...usageCondition(readable, filter),
    order: [{ sql: 'x.at', descending: true, cast: 'timestamptz' }],
    page,
    countAtMost: countedAtMost,
  });
}

/** PostgreSQL does not read what JavaScript writes for a time before. */
const earliestTime = Date.parse('0001-01-01T00:00:00Z');

/** Per day and kind, for a chart; the last 30 days unless said otherwise. @throws as `listUsage` */
export async function countUsage(ctx: Context, scope: UsageScope, filter: UsageFilter): Promise<UsageCount[]> {
  const readable = await requireUsageReader(ctx, scope);
  const day = 24 * 60 * 60 * 1000;
  const to = filter.to ?? new Date(ctx.now.getTime() + day);
  const from = filter.from ?? new Date(Math.max(to.getTime() - countedDays.unlessSaid * day, earliestTime));
  if (to.getTime() - from.getTime() > countedDays.atMost * day)
    throw inputInvalid('from', `counts go over at most ${String(countedDays.atMost)} days`);
  const { where, parameters } = usageCondition(readable, { ...filter, from, to });
  const rows = await ctx.em.execute<{ day: string; kind: string; count: string }[]>(
    `select to_char(x.at at time zone 'UTC', 'YYYY-MM-DD') as day, x.kind, count(*) as count
       from usage_log_entries x where ${where} group by 1, 2 order by 1, 2`,
    parameters,
  );
  return rows.map((row) => ({ day: new Date(`${row.day}T00:00:00Z`), kind: row.kind, count: Number(row.count) }));
}

/** The condition over `usage_log_entries x`. @throws INPUT_INVALID for a kind that there is not, or a time that runs backwards */
export function usageCondition(
  { namespaceId, repositoryId }: ReadableUsage,
  { from, to, kinds, performer, namespace }: UsageFilter,
): { where: string; parameters: unknown[] } {
  const known: ReadonlySet<string> = new Set(usageKinds);
  const unknown = kinds?.find((kind) => !known.has(kind));
  if (unknown !== undefined) throw inputInvalid('kinds', `there is no kind of entry called ${unknown.slice(0, 64)}`);
  if (from && to && from >= to) throw inputInvalid('from', 'from must be before to');
  const conditions: string[] = [];
  const parameters: unknown[] = [];
  const add = (sql: string, ...values: readonly unknown[]) => {
    conditions.push(sql);
    parameters.push(...values);
  };
  if (repositoryId !== null) add('x.repository_id = ?', repositoryId);
  else if (namespaceId !== null) add('x.namespace_id = ?', namespaceId);
  if (typeof namespace === 'string') add('x.namespace = ?', namespace);
  if (from) add('x.at >= ?', from);
  if (to) add('x.at < ?', to);
  if (kinds) add(`x.kind in (${kinds.map(() => '?').join(', ') || 'null'})`, ...kinds);
  if (performer) add('x.performer = ?', performer);
  return { where: conditions.join(' and ') || 'true', parameters };
}
