import type { GarbageRoots } from '@escale/schema/entities';
import { isUuid } from '@escale/schema/values';
import type { GarbageContext } from './garbage-context.ts';

/** One thing that a run found, and what became of it. */
export interface ReportedItem {
  readonly kind: 'manifest' | 'link' | 'blob' | 'object';
  readonly repository: string | undefined;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly reason: string;
  readonly lastReferencedAt: Date | undefined;
  /** `planned`: a dry run would delete it, or a run ended early. */
  readonly outcome: 'planned' | 'deleted' | 'kept';
}

/** What a run found and did. */
export interface GarbageReport {
  readonly id: string;
  readonly dryRun: boolean;
  readonly graceSeconds: number;
  readonly startedAt: Date;
  readonly finishedAt: Date | undefined;
  readonly roots: GarbageRoots;
  /** Bytes of manifests, blobs and objects that were deleted; of a dry run, that would be. */
  readonly bytesFreed: number;
  readonly items: readonly ReportedItem[];
}

interface Head {
  id: string;
  dry_run: boolean;
  grace_seconds: number;
  roots: GarbageRoots;
  started_at: Date | string;
  finished_at: Date | string | null;
}

interface Item {
  kind: ReportedItem['kind'];
  repository: string | null;
  digest: string;
  size: string;
  reason: string;
  last_referenced_at: Date | string | null;
  outcome: ReportedItem['outcome'];
}

/** The report of one run, or of the last one. @returns undefined when there is none */
export async function readReport(ctx: GarbageContext, id?: string): Promise<GarbageReport | undefined> {
  if (id !== undefined && !isUuid(id)) return undefined;
  const [head] = await ctx.em.execute<Head[]>(
    `select id, dry_run, grace_seconds, roots, started_at, finished_at from garbage_runs
       ${id === undefined ? '' : 'where id = ?'} order by started_at desc, id desc limit 1`,
    id === undefined ? [] : [id],
  );
  if (!head) return undefined;
  const rows = await ctx.em.execute<Item[]>(
    `select kind, repository, digest, size, reason, last_referenced_at, outcome from garbage_items
       where run_id = ? order by position`,
    [head.id],
  );
  const items = rows.map((row): ReportedItem => ({
    kind: row.kind,
    repository: row.repository ?? undefined,
    digest: row.digest,
    size: Number(row.size),
    reason: row.reason,
    lastReferencedAt: row.last_referenced_at === null ? undefined : new Date(row.last_referenced_at),
    outcome: row.outcome,
  }));
  const counted = head.dry_run ? 'planned' : 'deleted';
  return {
    id: head.id,
    dryRun: head.dry_run,
    graceSeconds: head.grace_seconds,
    startedAt: new Date(head.started_at),
    finishedAt: head.finished_at === null ? undefined : new Date(head.finished_at),
    roots: head.roots,
    bytesFreed: items.filter(({ outcome }) => outcome === counted).reduce((sum, { size }) => sum + size, 0),
    items,
  };
}

/** Bytes of manifests, blobs and objects that a run deleted, without its report, which may be long. */
export async function bytesFreed(ctx: GarbageContext, id: string): Promise<number> {
  const [row] = await ctx.em.execute<{ bytes: string }[]>(
    `select coalesce(sum(size), 0) as bytes from garbage_items where run_id = ? and outcome = 'deleted'`,
    [id],
  );
  return Number(row?.bytes ?? 0);
}
