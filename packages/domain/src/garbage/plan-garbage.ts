import type { GarbageContext } from './garbage-context.ts';
import { garbageManifest } from './unkept-manifests.ts';

/** Things found in one statement: each is short, and holds no lock on what it looks at. */
const batch = 5000;

const planned = (kind: 'manifest' | 'blob', id: string): string =>
  `exists (select 1 from garbage_items found where found.run_id = $run and found.target = ${id}::text and found.kind = '${kind}')`;
const notPlanned = (kind: 'manifest' | 'blob', id: string): string => `not ${planned(kind, id)}`;

/** Manifests on top of what is garbage; when all of those are found, the ones below are on top. */
const manifests = `
  insert into garbage_items (run_id, kind, target, repository, digest, size, reason, last_referenced_at)
  select $run, 'manifest', m.id, r.name, m.digest, m.size,
      case when m.deleted_at is not null then 'deleted by digest, and no longer to be restored'
        when exists (select 1 from manifest_children c join manifests p on p.id = c.parent_id
          where c.digest = m.digest and p.repository_id = m.repository_id) then 'only a garbage index lists it'
        when m.subject_digest is not null then 'it refers to a manifest that is gone, and no tag names it'
        when exists (select 1 from tags t where t.manifest_id = m.id) then 'its last tag ended, and is no longer to be restored'
        else 'no tag and no index names it' end,
      greatest(m.created_at, m.hold_until, m.deleted_at,
        (select max(coalesce(t.ended_at, t.expires_at)) from tags t where t.manifest_id = m.id))
    from manifests m join repositories r on r.id = m.repository_id
    where ${garbageManifest('m', (other) => notPlanned('manifest', `${other}.id`))} and ${notPlanned('manifest', 'm.id')}
    limit ${String(batch)}`;

/** No manifest lists the blob, but for those planned. */
const unlisted = `not exists (select 1 from manifest_blobs e where e.blob_id = b.id and ${notPlanned('manifest', 'e.manifest_id')})`;

/** A blob that is noted as unlisted for the first time in this run counts from now. Each batch goes on after the last. */
const blobs = `
  insert into garbage_items (run_id, kind, target, digest, size, reason, last_referenced_at)
  select $run, 'blob', b.id, b.digest, b.size, 'no manifest lists it, and nobody was promised it',
      coalesce(b.unreferenced_since, b.lease_until)
    from blobs b
    where b.state <> 'deleting' and b.lease_until < now() and ${unlisted}
      and coalesce(b.unreferenced_since, now()) <= now() - $grace * interval '1 second' and b.id > $after
    order by b.id limit ${String(batch)}`;

/** Links of a blob that manifests of other repositories list; one that none lists keeps its links until it goes itself. */
const links = `
  insert into garbage_items (run_id, kind, target, repository, digest, size, reason, last_referenced_at)
  select $run, 'link', l.repository_id || ' ' || l.blob_id, r.name, b.digest, 0, 'no manifest of the repository lists the blob',
      greatest(l.created_at, b.lease_until)
    from repository_blobs l join blobs b on b.id = l.blob_id join repositories r on r.id = l.repository_id
      join namespaces n on n.id = r.namespace_id
    where b.lease_until < now() and l.created_at <= now() - $grace * interval '1 second'
      and r.deleted_at is null and n.deleted_at is null and not (${unlisted})
      and not exists (select 1 from manifest_blobs e join manifests m on m.id = e.manifest_id
        where e.blob_id = b.id and m.repository_id = l.repository_id and ${notPlanned('manifest', 'm.id')})
      and not exists (select 1 from garbage_items found
        where found.run_id = $run and found.target = l.repository_id || ' ' || l.blob_id)
    limit ${String(batch)}`;

/**
 * Writes down everything that a run will delete, in an order in which it may be deleted. Reads only: a dry run is this much
 * of a run, so the two cannot disagree.
 * @param onFound called with how many were found so far
 */
export async function planGarbage(
  ctx: GarbageContext,
  runId: string,
  graceSeconds: number,
  onFound?: (count: number) => void,
): Promise<void> {
  let count = 0;
  for (const statement of [manifests, blobs, links]) {
    let after = nil;
    for (let found = batch; found > 0; count += found, onFound?.(count)) {
      const targets = await insert(ctx, statement, { $run: runId, $grace: graceSeconds, $after: after });
      found = targets.length;
      after = targets.at(-1) ?? after;
    }
  }
}

/** Before every id. */
const nil = '00000000-0000-0000-0000-000000000000';

const types = { $run: '?::uuid', $grace: '?::int', $after: '?::uuid' } as const;

/** Fills in the named parameters, each as often as it occurs. @returns what was found, in order */
async function insert(
  ctx: GarbageContext,
  statement: string,
  named: Readonly<Record<keyof typeof types, string | number>>,
): Promise<string[]> {
  const parameters: (string | number)[] = [];
  const sql = statement.replaceAll(/\$run|\$grace|\$after/g, (name) => {
    const key = name === '$run' ? '$run' : name === '$grace' ? '$grace' : '$after';
    parameters.push(named[key]);
    return types[key];
  });
  const rows = await ctx.em.execute<{ target: string }[]>(`${sql} returning target`, parameters);
  return rows.map(({ target }) => target);
}
