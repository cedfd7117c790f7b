import type { GarbageContext } from './garbage-context.ts';
import { keptByNothingOfItsOwn } from './unkept-manifests.ts';

/** A manifest that nothing reaches. */
export interface UnreachableManifest {
  readonly repository: string;
  readonly digest: string;
}

/**
 * Derives once more which manifests are garbage, the other way round than the collector: from everything that is kept by
 * itself down to what it lists and what refers to it. What remains must be what the collector's plan has (`escale verify`).
 * Each manifest is visited once, whatever lists it; nothing is locked.
 */
export async function deriveUnreachable(ctx: GarbageContext): Promise<UnreachableManifest[]> {
  return ctx.em.execute<UnreachableManifest[]>(
    `with recursive kept (id, repository_id, digest) as (
       select m.id, m.repository_id, m.digest from manifests m where not ${keptByNothingOfItsOwn('m')}
       union
       select k.id, k.repository_id, k.digest from kept
         cross join lateral (
           select child.id, child.repository_id, child.digest from manifest_children c join manifests child
               on child.repository_id = kept.repository_id and child.digest = c.digest where c.parent_id = kept.id
           union all
           select referrer.id, referrer.repository_id, referrer.digest from manifests referrer
             where referrer.repository_id = kept.repository_id and referrer.subject_digest = kept.digest) k)
     select r.name as repository, m.digest from manifests m join repositories r on r.id = m.repository_id
       where not exists (select 1 from kept where kept.id = m.id) order by r.name, m.digest`,
  );
}

/** Lines for a person about rows that contradict the protocol; none in a sound database. */
export async function findContradictions(ctx: GarbageContext): Promise<string[]> {
  const rows = await ctx.em.execute<{ problem: string }[]>(
    `select 'the manifest ' || m.digest || ' in ' || r.name || ' lists the blob ' || b.digest || ', which is being deleted' as problem
       from manifest_blobs e join blobs b on b.id = e.blob_id and b.state = 'deleting'
         join manifests m on m.id = e.manifest_id join repositories r on r.id = m.repository_id
     union all
     select 'the blob ' || digest || ' has ' || count(*) || ' rows in use' from blobs where state <> 'deleting'
       group by digest having count(*) > 1
     limit 1000`,
  );
  return rows.map(({ problem }) => problem);
}
