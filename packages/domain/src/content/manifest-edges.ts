import { executePrepared, type EntityManager } from '@escale/schema/orm';
import {
  isNondistributable,
  manifestKind,
  platformText,
  type Digest,
  type ParsedManifest,
} from '@escale/schema/values';

/** Writes what an index lists, and which of it is in the repository. */
export async function storeChildren(
  em: EntityManager,
  repositoryId: string,
  parentId: string,
  { manifests }: ParsedManifest,
): Promise<void> {
  if (manifests.length === 0) return;
  await executePrepared(
    em,
    `insert into manifest_children (parent_id, position, digest, platform, arrived)
       select ?::uuid, child.place - 1, child.digest, child.platform, here.id is not null
         from unnest(?::text[], ?::text[]) with ordinality child (digest, platform, place)
           left join manifests here
             on here.repository_id = ?::uuid and here.digest = child.digest and here.deleted_at is null`,
    [
      parentId,
      manifests.map(({ digest }) => digest),
      manifests.map(({ platform }) => (platform ? platformText(platform) : null)),
      repositoryId,
    ],
  );
}

/**
 * A manifest has come that indexes of the repository list: from now on it stays for as long as they do. It is noted once more when
 * it is deleted: a manifest and an index that were first pushed at the same moment did not see each other, and a tag that is
 * restored on the index must bring it back.
 */
export async function noteArrival(em: EntityManager, repositoryId: string, digest: Digest): Promise<void> {
  await em.execute(
    `update manifest_children c set arrived = true from manifests parent
       where parent.id = c.parent_id and parent.repository_id = ? and c.digest = ? and not c.arrived`,
    [repositoryId, digest],
  );
}

/** The same for manifests that are restored, by their ids. */
export async function noteArrivals(em: EntityManager, ids: readonly string[]): Promise<void> {
  await executePrepared(
    em,
    `update manifest_children c set arrived = true from manifests parent, manifests child
       where child.id = any (?::uuid[]) and c.digest = child.digest and not c.arrived
         and parent.id = c.parent_id and parent.repository_id = child.repository_id`,
    [ids],
  );
}

/** Makes a deleted manifest live again because it is pushed again. As an index it may lack children that it once had. */
export async function undelete(em: EntityManager, repositoryId: string, id: string, digest: Digest): Promise<void> {
  await em.execute('update manifests set deleted_at = null where id = ?', [id]);
  await em.execute(
    `update manifest_children c set arrived = exists (
       select 1 from manifests m where m.repository_id = ? and m.digest = c.digest and m.deleted_at is null)
       where c.parent_id = ?`,
    [repositoryId, id],
  );
  await noteArrival(em, repositoryId, digest);
}

/** Whether a manifest lists blobs that it may be pushed without: layers of other registries, or blobs in an index. */
export const mayLack = ({ layers, manifests }: ParsedManifest): boolean =>
  layers.some(({ mediaType }) => isNondistributable(mediaType)) ||
  manifests.some(({ mediaType }) => manifestKind(mediaType) === undefined);

/** Keeps blobs that were absent when the manifest was pushed first, and are here now that it is pushed again. */
export async function listMore(
  em: EntityManager,
  id: string,
  blobs: readonly { readonly id: string }[],
): Promise<void> {
  const ids = blobs.map((blob) => blob.id);
  await executePrepared(
    em,
    `with edges as (
       insert into manifest_blobs (manifest_id, blob_id) select ?::uuid, blob from unnest(?::uuid[]) blob
         on conflict do nothing)
     update blobs set unreferenced_since = null where id in (
       select id from blobs where id = any (?::uuid[]) and unreferenced_since is not null order by digest for no key update)`,
    [id, ids, ids],
  );
}
