import { executePrepared, type EntityManager } from '@escale/schema/orm';
import type { Digest } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { notRestorable } from '../errors.ts';
import { noteArrivals } from './manifest-edges.ts';

/** Indexes inside each other that are followed (T34). */
const depthLimit = 8;

/**
 * The ids of all below a manifest and last of itself, children before their parents: the order in which pushes lock them. Of a
 * sparse index only those that have been in the repository.
 */
const parts = `
  with recursive parts (id, digest, level) as (
    select id, digest, 0 from manifests where id = ?::uuid
    union
    select child.id, child.digest, parts.level + 1 from parts
      join manifest_children c on c.parent_id = parts.id and c.arrived
      join manifests child on child.repository_id = ?::uuid and child.digest = c.digest
      where parts.level < ${String(depthLimit)})
  select id from parts group by id, digest order by max(level) desc, digest`;

/**
 * Brings back what a manifest is made of, before a tag is restored on it: children that were deleted by digest, and links of
 * blobs that were deleted. Their rows are there for as long as the manifest's. Runs in the caller's transaction, and takes the
 * locks of a push in its order: links of blobs, children, the manifest itself, and the rows of indexes that list any of these.
 * @throws PRECONDITION_FAILED naming what is lost, for example blobs whose bytes are quarantined
 */
export async function reviveImage(
  { em }: Pick<Context, 'em'>,
  repositoryId: string,
  manifest: { readonly id: string; readonly digest: Digest },
): Promise<void> {
  const found = await executePrepared<{ id: string }>(em, parts, [manifest.id, repositoryId]);
  const ids = found.map(({ id }) => id);
  // A link that is there is written too: that locks it against its deletion, as a push does.
  await executePrepared(
    em,
    `insert into repository_blobs (repository_id, blob_id, created_at)
       select ?::uuid, b.id, now() from blobs b
         where b.state = 'live' and b.id in (select e.blob_id from manifest_blobs e where e.manifest_id = any (?::uuid[]))
         order by b.digest
       on conflict (repository_id, blob_id) do update set created_at = excluded.created_at`,
    [repositoryId, ids],
  );
  await undelete(em, ids, manifest.id);
  await noteArrivals(em, ids);
  const missing = await executePrepared<{ digest: Digest }>(
    em,
    `select distinct b.digest from manifest_blobs e join blobs b on b.id = e.blob_id
       where e.manifest_id = any (?::uuid[]) and b.state <> 'live'
     union
     select c.digest from manifest_children c where c.parent_id = any (?::uuid[]) and c.arrived and not exists (
       select 1 from manifests m where m.repository_id = ?::uuid and m.digest = c.digest)
     order by 1 limit 4`,
    [ids, ids, repositoryId],
  );
  if (missing.length > 0)
    throw notRestorable(
      manifest.digest,
      missing.map(({ digest }) => digest),
    );
}

/** The second statement sees what was committed until the locks were had. The caller decides about the manifest itself. */
async function undelete(em: EntityManager, ids: readonly string[], except: string): Promise<void> {
  const lock = `select m.id from unnest(?::uuid[]) with ordinality part (id, place) join manifests m on m.id = part.id
    order by part.place for no key update of m`;
  await executePrepared(em, lock, [ids]);
  const change =
    'update manifests set deleted_at = null where id = any (?::uuid[]) and id <> ?::uuid and deleted_at is not null';
  await executePrepared(em, change, [ids, except]);
}
