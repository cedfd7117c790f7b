import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { inputInvalid } from '../errors.ts';
import { alive } from './kept-manifests.ts';

/** What `exists` asks of a manifest: that a live tag leads to it which is none of `doomed`, itself or through what lists it. */
const keptByOthers = (manifest: string, doomed: string): string => `(
  exists (select 1 from tags t where t.manifest_id = ${manifest}.id and ${alive('t')} and t.id <> all (${doomed}))
  or exists (
    with recursive up (id, repository_id, digest, subject_digest) as (
      select ${manifest}.id, ${manifest}.repository_id, ${manifest}.digest, ${manifest}.subject_digest
      union
      select p.id, p.repository_id, p.digest, p.subject_digest from up join lateral (
        select i.* from manifest_children c join manifests i on i.id = c.parent_id
          where c.digest = up.digest and i.repository_id = up.repository_id
        union all
        select s.* from manifests s where s.repository_id = up.repository_id and s.digest = up.subject_digest) p on true)
    select 1 from up join tags t on t.manifest_id = up.id where ${alive('t')} and t.id <> all (${doomed})))`;

/**
 * What a repository gives up when the tags in the array `doomed` go: the manifests that no other tag leads to, be it as a child of
 * an index or as a referrer, and the blobs that no manifest of the repository lists to which another tag leads. What other
 * repositories hold does not count: the number would tell whether somebody else has the same private layer.
 */
const freedBy = (doomed: string): string => `(
  with recursive below (id) as (
    select t.manifest_id from tags t where t.id = any (${doomed})
    union
    select k.id from below b join manifests m on m.id = b.id join lateral (
      select i.id from manifest_children c join manifests i on i.repository_id = m.repository_id and i.digest = c.digest
        where c.parent_id = m.id
      union all
      select r.id from manifests r where r.repository_id = m.repository_id and r.subject_digest = m.digest) k on true),
  going as (select m.id, m.size, m.repository_id from below b join manifests m on m.id = b.id where not ${keptByOthers('m', doomed)})
  select coalesce((select sum(g.size) from going g), 0) + coalesce((select sum(b.size) from blobs b
    where b.id in (select e.blob_id from manifest_blobs e where e.manifest_id in (select g.id from going g))
      and not exists (select 1 from manifest_blobs e join manifests y on y.id = e.manifest_id
        where e.blob_id = b.id and y.repository_id in (select g.repository_id from going g)
          and y.id not in (select g.id from going g) and ${keptByOthers('y', doomed)})), 0))`;

/**
 * The bytes that a repository gives up when a tag alone is deleted, for each of several tags by the ids of their open lifetimes.
 * They are free once the time machine's window is over and the collector has run, except for blobs that another repository holds
 * as well. @throws NAME_UNKNOWN
 */
export async function freedByEachTag(ctx: Context, name: string, ids: readonly string[]): Promise<Map<string, number>> {
  const repository = await requireRole(ctx, name, 'read');
  if (ids.length === 0) return new Map();
  const rows = await ctx.em.execute<{ id: string; bytes: string }[]>(
    `select x.id, ${freedBy('array[x.id]')} as bytes from tags x
       where x.repository_id = ? and x.id in (${ids.map(() => '?').join(', ')})`,
    [repository.id, ...ids],
  );
  return new Map(rows.map(({ id, bytes }) => [id, Number(bytes)]));
}

/** The same for several tags that go together: more than the sum, where they share what nothing else has. @throws NAME_UNKNOWN */
export async function freedByTags(ctx: Context, name: string, tags: readonly string[]): Promise<number> {
  const repository = await requireRole(ctx, name, 'read');
  if (tags.length > 500) throw inputInvalid('tags', 'name at most 500 tags');
  if (tags.length === 0) return 0;
  const [row] = await ctx.em.execute<{ bytes: string }[]>(
    `with doomed as (select coalesce(array_agg(t.id), '{}') as ids from tags t
         where t.repository_id = ? and ${alive('t')} and t.name in (${tags.map(() => '?').join(', ')}))
     select ${freedBy('(select ids from doomed)::uuid[]')} as bytes`,
    [repository.id, ...tags.map((tag) => tag.replaceAll('\0', ''))],
  );
  return Number(row?.bytes ?? 0);
}

/** Bytes of the distinct blobs of repositories, and of their manifests. @param repositories SQL of their ids */
const storedIn = (repositories: string): string => `(
  select coalesce((select sum(b.size) from blobs b where b.id in (
             select l.blob_id from repository_blobs l where l.repository_id in (${repositories})
             union select e.blob_id from manifest_blobs e join manifests m on m.id = e.manifest_id
               where m.repository_id in (${repositories}))), 0)
       + coalesce((select sum(m.size) from manifests m where m.repository_id in (${repositories})), 0))`;

const ofNamespace = 'select r.id from repositories r where r.namespace_id = ?';

/** Bytes of everything that each of these repositories holds, each blob once. The caller has checked that they may be seen. */
export async function storedByRepositories(ctx: Context, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map();
  const rows = await ctx.em.execute<{ id: string; bytes: string }[]>(
    `select x.id, ${storedIn('x.id')} as bytes from repositories x where x.id in (${ids.map(() => '?').join(', ')})`,
    [...ids],
  );
  return new Map(rows.map(({ id, bytes }) => [id, Number(bytes)]));
}

/**
 * Bytes of everything in a namespace, what its repositories share once. Deleting the namespace gives up as much; what no repository
 * elsewhere holds is nobody's business here. The caller has checked that it may be seen.
 */
export async function storedByNamespace(ctx: Context, namespaceId: string): Promise<number> {
  return measure(ctx, storedIn(ofNamespace), namespaceId);
}

async function measure(ctx: Context, sql: string, id: string): Promise<number> {
  const parameters = Array<string>(sql.split('?').length - 1).fill(id);
  const [row] = await ctx.em.execute<{ bytes: string }[]>(`select ${sql} as bytes`, parameters);
  return Number(row?.bytes ?? 0);
}
