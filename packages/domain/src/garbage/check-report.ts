import { isUuid } from '@escale/schema/values';
import type { GarbageContext } from './garbage-context.ts';

/** What became of the look at an earlier run. */
export interface CheckedReport {
  readonly run: string;
  /** Things that the run deleted. */
  readonly deleted: number;
  /** Lines for a person, each with something that should not have been deleted or reported so; none for a sound run. */
  readonly problems: readonly string[];
}

/**
 * What every manifest lists by its own bytes: nothing that the collector goes by. Of blobs only those that a push requires:
 * foreign layers and blobs in an index may be absent. A name says nothing once its repository was deleted: another may have it.
 */
const survivors = `
  survivors as (
    select m.repository_id, r.name as repository, r.deleted_at is null as present, m.digest, convert_from(m.payload, 'UTF8')::json as said
      from manifests m join repositories r on r.id = m.repository_id, run where m.created_at <= run.started_at),
  listed as (
    select s.repository_id, s.repository, s.present, s.digest as lister, 'manifest' as kind, child ->> 'digest' as digest
      from survivors s cross join lateral json_array_elements(
        case json_typeof(s.said -> 'manifests') when 'array' then s.said -> 'manifests' else '[]' end) child
    union all
    select s.repository_id, s.repository, s.present, s.digest, 'blob', layer ->> 'digest'
      from survivors s cross join lateral json_array_elements(
        case json_typeof(s.said -> 'layers') when 'array' then s.said -> 'layers' else '[]' end) layer
      where layer ->> 'mediaType' not like '%nondistributable%' and layer ->> 'mediaType' not like '%foreign%'
    union all
    select s.repository_id, s.repository, s.present, s.digest, 'blob', s.said -> 'config' ->> 'digest'
      from survivors s where json_typeof(s.said -> 'config') = 'object')`;

/** Reasons as `plan-garbage.ts` writes them. */
const byDigest = 'deleted by digest, and no longer to be restored';
const belowIndex = 'only a garbage index lists it';

const problems = `
  select 'it deleted the ' || i.kind || ' ' || coalesce(i.repository || '@', '') || i.digest || ', and the manifest ' || l.repository
      || '@' || l.lister || ', which was there then and is now, lists it' as problem
    from gone i join listed l on l.digest = i.digest and (
      (i.kind = 'manifest' and l.kind = 'manifest' and l.repository = i.repository and l.present)
      or (i.kind = 'link' and l.kind = 'blob' and split_part(i.target, ' ', 1) = l.repository_id::text)
      or (i.kind = 'blob' and l.kind = 'blob'))
  union all
  select 'it says that it deleted the manifest ' || i.repository || '@' || i.digest || ', which is older than the run and here'
    from gone i join survivors s on s.repository = i.repository and s.digest = i.digest and s.present where i.kind = 'manifest'
  union all
  select 'it says that it deleted the blob ' || i.digest || ', whose row is older than the run and in use'
    from gone i join blobs b on b.digest = i.digest and b.state <> 'deleting', run
    where i.kind = 'blob' and b.created_at <= run.started_at
  union all
  select 'it deleted the ' || i.kind || ' ' || coalesce(i.repository || '@', '') || i.digest || ' before its time: it was needed until '
      || i.last_referenced_at
    from gone i, run
    where (i.kind = 'manifest' and i.reason <> '${byDigest}' and i.last_referenced_at > run.ended_at)
      or (i.kind = 'blob' and i.last_referenced_at > run.ended_at - run.grace_seconds * interval '1 second')
  union all
  select 'it deleted the manifest ' || i.repository || '@' || i.digest || ' because of a garbage index, and deleted no index before'
    from gone i where i.reason = '${belowIndex}' and not exists (
      select 1 from gone above where above.kind = 'manifest' and above.repository = i.repository and above.position < i.position)
  union all
  select 'it counted ' || (run.roots ->> 'tags') || ' tags, and ' || open.count || ' of those that there are now were open then'
    from run cross join lateral (
      select count(*) as count from tags t
        where t.started_at < run.started_at - interval '1 minute'
          and coalesce(t.ended_at, t.expires_at, 'infinity') > run.started_at + interval '1 minute') open
    where open.count > (run.roots ->> 'tags')::bigint
  limit 1000`;

/**
 * Derives once more that what a run deleted was not needed then, from what is still here of that time: the bytes of every
 * manifest that was there and is now say what they list, lifetimes that were open are counted against the run's roots, and
 * the times and reasons of the report must bear what was done. What has gone since by itself can say nothing any more.
 * @param id of the run; the last that deleted anything when not given
 * @returns undefined when there is no such run
 */
export async function checkReport(ctx: GarbageContext, id?: string): Promise<CheckedReport | undefined> {
  if (id !== undefined && !isUuid(id)) return undefined;
  const [run] = await ctx.em.execute<{ id: string; deleted: string }[]>(
    `select id, (select count(*) from garbage_items i where i.run_id = r.id and i.outcome = 'deleted') as deleted
       from garbage_runs r where ${id === undefined ? 'not dry_run' : 'id = ?'} order by started_at desc, id desc limit 1`,
    id === undefined ? [] : [id],
  );
  if (!run) return undefined;
  const found = await ctx.em.execute<{ problem: string }[]>(
    `with run as (select *, coalesce(finished_at, now()) as ended_at from garbage_runs where id = ?),
       gone as (select i.* from garbage_items i, run where i.run_id = run.id and i.outcome = 'deleted'),
       ${survivors} ${problems}`,
    [run.id],
  );
  return { run: run.id, deleted: Number(run.deleted), problems: found.map(({ problem }) => problem) };
}
