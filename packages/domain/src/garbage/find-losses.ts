import type { GarbageContext } from './garbage-context.ts';

/** Lines that one check returns at most. */
const limit = 1000;

/**
 * What a live manifest needs, by its own bytes and by what was in the repository when it was pushed. Layers of other registries,
 * blobs in an index and children of a sparse index may be absent; those that have been here may not be.
 */
const losses = `
  with live as (
    select m.id, m.repository_id, r.name as repository, m.digest, m.payload from manifests m
      join repositories r on r.id = m.repository_id where m.deleted_at is null),
  said as (select l.id, convert_from(l.payload, 'UTF8')::json as said from live l),
  needs as (
    select s.id, layer ->> 'digest' as blob from said s cross join lateral json_array_elements(
        case json_typeof(s.said -> 'layers') when 'array' then s.said -> 'layers' else '[]' end) layer
      where coalesce(layer ->> 'mediaType', '') not like '%nondistributable%'
        and coalesce(layer ->> 'mediaType', '') not like '%foreign%'
    union
    select s.id, s.said -> 'config' ->> 'digest' from said s where json_typeof(s.said -> 'config') = 'object'
    union
    select e.manifest_id, b.digest from manifest_blobs e join blobs b on b.id = e.blob_id)
  select 'the manifest ' || l.repository || '@' || l.digest || ' needs the blob ' || n.blob || ', which the repository has lost; push it again'
      as problem
    from needs n join live l on l.id = n.id
    where not exists (select 1 from repository_blobs link join blobs b on b.id = link.blob_id
      where link.repository_id = l.repository_id and b.digest = n.blob)
  union all
  select 'the index ' || l.repository || '@' || l.digest || ' needs the manifest ' || c.digest || ', which the repository has lost; push it again'
    from live l join manifest_children c on c.parent_id = l.id and c.arrived
    where not exists (select 1 from manifests m
      where m.repository_id = l.repository_id and m.digest = c.digest and m.deleted_at is null)
  union all
  select 'the tag ' || r.name || ':' || t.name || ' names the manifest ' || m.digest || ', which is deleted; restore the tag or delete it'
    from tags t join manifests m on m.id = t.manifest_id join repositories r on r.id = t.repository_id
    where t.ended_at is null and m.deleted_at is not null
  limit ${String(limit)}`;

/** Lines for a person about content that clients can ask for and cannot have (guarantee P1); none in a sound database. */
export async function findLosses(ctx: GarbageContext): Promise<string[]> {
  const rows = await ctx.em.execute<{ problem: string }[]>(losses);
  return rows.map(({ problem }) => problem);
}
