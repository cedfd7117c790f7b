import { v7 } from 'uuid';
import type { GarbageRoots } from '@escale/schema/entities';
import { endOf } from '../content/kept-manifests.ts';
import type { GarbageContext } from './garbage-context.ts';

export interface RunSettings {
  readonly dryRun: boolean;
  /** Seconds for which a blob must have been listed by no manifest before its bytes go. */
  readonly graceSeconds: number;
}

/** Runs whose reports are kept. */
const keptRuns = 200;

/** Begins a run: the head of its report, with what keeps content alive at this moment. @returns its id */
export async function openRun(ctx: GarbageContext, settings: RunSettings): Promise<string> {
  const id = await insertRun(ctx, settings);
  await ctx.em.execute(
    `delete from garbage_runs where id in (select id from garbage_runs order by started_at desc, id desc offset ?)`,
    [keptRuns],
  );
  return id;
}

/** The head of a report alone. @returns the run's id */
export async function insertRun(ctx: GarbageContext, { dryRun, graceSeconds }: RunSettings): Promise<string> {
  const id = v7();
  await ctx.em.execute(
    `insert into garbage_runs (id, dry_run, grace_seconds, roots, started_at) values (?, ?, ?, ?::jsonb, now())`,
    [id, dryRun, graceSeconds, JSON.stringify(await countRoots(ctx))],
  );
  return id;
}

export async function finishRun(ctx: GarbageContext, runId: string): Promise<void> {
  await ctx.em.execute('update garbage_runs set finished_at = now() where id = ?', [runId]);
}

async function countRoots(ctx: GarbageContext): Promise<GarbageRoots> {
  const [row] = await ctx.em.execute<Record<keyof GarbageRoots, string>[]>(
    `select
       (select count(*) from tags t where ${endOf('t')} is null) as tags,
       (select count(*) from tags t join repositories r on r.id = t.repository_id join namespaces n on n.id = r.namespace_id
          where ${endOf('t')} > now() - n.time_machine_seconds * interval '1 second') as restorable,
       (select count(*) from manifests where hold_until > now() and deleted_at is null) as holds,
       (select count(*) from blobs where lease_until > now() and state = 'live') as leases`,
  );
  return {
    tags: Number(row?.tags),
    restorable: Number(row?.restorable),
    holds: Number(row?.holds),
    leases: Number(row?.leases),
  };
}
