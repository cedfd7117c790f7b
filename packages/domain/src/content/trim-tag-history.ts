import { registrySettings } from '../administration/registry-settings.ts';
import type { Context } from '../context.ts';

/** Rows of one statement: locks and write-ahead log stay small. */
const batch = 5000;
/** Days that what happened to tags is told for. */
const historyDays = 365;
const day = 24 * 60 * 60 * 1000;

/** How many rows went. */
export interface TrimmedHistory {
  readonly lifetimes: number;
  readonly events: number;
}

/**
 * Deletes what nobody can restore any more and what is too old to be told: a background job, in batches. Without it, a tag
 * that is moved every hour grows for ever.
 *
 * Ended lifetimes keep and restore things for the time machine's window of their namespace; they stay for the longest window
 * that can be chosen, so that a namespace that chooses a longer one gets what it chose. What can be restored with a deleted
 * repository or organization is left as it was. Events stay for a year.
 */
export async function trimTagHistory(ctx: Pick<Context, 'em' | 'now'>): Promise<TrimmedHistory> {
  return { lifetimes: await trimLifetimes(ctx), events: await trimEvents(ctx) };
}

async function trimLifetimes(ctx: Pick<Context, 'em' | 'now'>): Promise<number> {
  const { timeMachineChoices } = await registrySettings(ctx);
  const longest = Math.max(...timeMachineChoices, 0);
  let trimmed = 0;
  // Ids begin with the time at which their rows were made: no index of another order is needed, by whom tags are moved.
  for (let after = firstIdOf(new Date(0)); ;) {
    const [page] = await ctx.em.execute<{ last: string | null; seen: number; gone: number }[]>(
      `with page as materialized (
         select t.id, t.ended_at, t.repository_id from tags t where t.id > ? and t.id < ? order by t.id limit ${String(batch)}),
       gone as (
         delete from tags t using page p join repositories r on r.id = p.repository_id join namespaces n on n.id = r.namespace_id
           where t.id = p.id and r.deleted_at is null and n.deleted_at is null
             and p.ended_at < ?::timestamptz - greatest(n.time_machine_seconds, ?) * interval '1 second' returning t.id)
       select (select max(id::text) from page) as last, (select count(*)::int from page) as seen,
              (select count(*)::int from gone) as gone`,
      [after, firstIdOf(ctx.now), ctx.now, longest],
    );
    trimmed += page?.gone ?? 0;
    if (!page?.last || page.seen < batch) return trimmed;
    after = page.last;
  }
}

async function trimEvents(ctx: Pick<Context, 'em' | 'now'>): Promise<number> {
  const before = new Date(ctx.now.getTime() - historyDays * day);
  for (let trimmed = 0; ;) {
    const gone = await ctx.em.execute<unknown[]>(
      `delete from tag_events where id in (
         select e.id from tag_events e where e.id < ? and e.at < ? order by e.id limit ${String(batch)}) returning id`,
      [firstIdOf(before), before],
    );
    trimmed += gone.length;
    if (gone.length < batch) return trimmed;
  }
}

/** The least id that a row made at this time can have: a UUID of version 7 begins with the milliseconds (RFC 9562 §5.7). */
function firstIdOf(at: Date): string {
  const hex = at.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
