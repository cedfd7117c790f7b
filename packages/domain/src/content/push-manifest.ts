import { v7 } from 'uuid';
import { isNondistributable, type Digest, type ParsedManifest, type TagName } from '@escale/schema/values';
import { executePrepared, type EntityManager } from '@escale/schema/orm';
import { afterDeadlock } from '../after-deadlock.ts';
import type { Context } from '../context.ts';
import { manifestBlobUnknown, preconditionFailed, sizeInvalid } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';
import { usageRow } from '../usage-logs/record.ts';
import { writePush } from '../usage-logs/write-usage.ts';
import { checkIndex } from './check-index.ts';
import { blobsKeptFromCollection, listedBlobs } from './listed-blobs.ts';
import { listMore, mayLack, noteArrival, storeChildren, undelete } from './manifest-edges.ts';
import { describeManifest, type ManifestFacts } from './manifest-facts.ts';
import { insertManifestFrom, manifestValues } from './manifest-row.ts';
import { holds, moveTag, type TagCondition, type TagTarget } from './move-tag.ts';
import { pushNewImage } from './push-new-image.ts';
import { refreshTotalSizes } from './total-size.ts';

/** A manifest that has passed the gate, with the bytes as they came. */
export interface PushedManifest {
  readonly digest: Digest;
  readonly payload: Uint8Array;
  readonly parsed: ParsedManifest;
  /** Tags to set on it; none when pushed by digest alone. */
  readonly tags: readonly TagName[];
  /** The bytes of the image config that it lists, where that is one and small enough (`manifestConfigLimit`). */
  readonly config?: Uint8Array | undefined;
  /** What each of the tags must be at that moment; without tags, the manifest itself. */
  readonly condition?: TagCondition | undefined;
}

/**
 * Stores a manifest, what it lists, and its tags, all in one transaction. Every blob it lists must be linked to this
 * repository (T9); the subject and an index's children may be absent (sparse index, fallback-free referrers).
 * @throws MANIFEST_BLOB_UNKNOWN, SIZE_INVALID, TAG_IMMUTABLE, PRECONDITION_FAILED: then nothing is stored
 */
export async function pushManifest(
  ctx: Context,
  repository: { id: string; name: string; namespaceId?: string },
  pushed: PushedManifest,
): Promise<void> {
  const { digest, parsed, condition } = pushed;
  const tags = [...new Set(pushed.tags)].sort();
  const { namespaceId } = repository;
  const place = { repository, ...(namespaceId !== undefined && { namespaceId }) };
  const facts = { ...place, digest, details: { mediaType: parsed.mediaType } };
  const named = tags.length > 0 ? tags.map((tag) => ({ ...facts, tag })) : [facts];
  const entries = named.map((entry) => usageRow(ctx, 'repository.pushed', entry));
  const push = { repositoryId: repository.id, at: ctx.now, entries };
  if (await pushNewImage(ctx, { ...pushed, tags }, push)) return;
  const confirmed = await ctx.believed?.confirm();
  if (confirmed && confirmed.id !== repository.id) return pushManifest(ctx, confirmed, pushed);
  await afterDeadlock(() =>
    inTransaction(ctx, async (inner) => {
      const blobs = await lockBlobs(inner.em, repository.id, parsed);
      await holdChildren(inner.em, repository.id, parsed);
      await inner.faults?.('manifest.locked');
      const manifest = await storeManifest(inner, repository.id, pushed, blobs);
      for (const tag of tags) {
        await moveTag(inner, repository, { tag, manifest, as: 'pushed', condition });
      }
      if (tags.length === 0) {
        if (condition && !holds(condition, manifest.wasHere ? digest : undefined))
          throw preconditionFailed(
            `the repository ${manifest.wasHere ? 'has this manifest already' : 'does not have it'}`,
          );
        await holdManifest(inner.em, manifest.id);
      }
      await writePush(inner.em, push);
      await inner.faults?.('manifest.storing');
    }),
  );
  await ctx.faults?.('manifest.stored');
}

interface BlobRow {
  id: string;
  digest: Digest;
  size: string;
}

/** @throws MANIFEST_BLOB_UNKNOWN, SIZE_INVALID */
async function lockBlobs(em: EntityManager, repositoryId: string, parsed: ParsedManifest): Promise<BlobRow[]> {
  const { needed, sizes } = listedBlobs(parsed);
  if (sizes.size === 0) return [];
  const rows = await executePrepared<BlobRow>(em, blobsKeptFromCollection, [repositoryId, [...sizes.keys()]]);
  const here = new Map(rows.map((row) => [row.digest, Number(row.size)]));
  const missing = needed.filter(({ digest, mediaType }) => !here.has(digest) && !isNondistributable(mediaType));
  if (missing.length > 0) throw manifestBlobUnknown([...new Set(missing.map(({ digest }) => digest))]);
  for (const [digest, size] of sizes) {
    const stored = here.get(digest);
    if (stored !== undefined && stored !== size) {
      throw sizeInvalid(`the manifest says that ${digest} has ${String(size)} bytes, it has ${String(stored)}`);
    }
  }
  return rows;
}

/** How long a manifest stays that nothing names yet: its index or its tag may be on the way (D3). */
const hold = `interval '24 hours'`;

async function holdManifest(em: EntityManager, id: string): Promise<void> {
  await em.execute(`update manifests set hold_until = greatest(hold_until, now() + ${hold}) where id = ?`, [id]);
}

/** Locks the listed manifests that are here against collection, and holds them: an index may be replaced at once. */
async function holdChildren(em: EntityManager, repositoryId: string, { manifests }: ParsedManifest): Promise<void> {
  if (manifests.length === 0) return;
  await em.execute(
    `update manifests set hold_until = greatest(hold_until, now() + ${hold}) where id in (
       select id from manifests where repository_id = ? and digest in (${placeholders(manifests.length)})
         order by digest for no key update)`,
    [repositoryId, ...manifests.map(({ digest }) => digest)],
  );
}

/** The row of a manifest, locked against its deletion: made, found, or taken back from the deleted ones. */
async function storeManifest(
  ctx: Context,
  repositoryId: string,
  { digest, payload, parsed, config }: PushedManifest,
  blobs: BlobRow[],
): Promise<TagTarget & { wasHere: boolean }> {
  const facts = await describeManifest(ctx, repositoryId, parsed, config);
  const inserted = await insertManifest(ctx, repositoryId, { digest, payload, parsed, facts }, blobs);
  if (inserted) {
    const { id, listed } = inserted;
    await storeChildren(ctx.em, repositoryId, id, parsed);
    await checkIndex(ctx, repositoryId, id, parsed);
    if (listed || parsed.manifests.length > 0) await refreshTotalSizes(ctx, repositoryId, { id, digest });
    // The rows of the indexes that list it are locked now, and may be followed by what they say of their children.
    if (listed) await noteArrival(ctx.em, repositoryId, digest);
    return {
      id,
      digest,
      wasHere: false,
      expiresAfter: facts.expiresAfter,
      tagsImmutable: facts.tagsImmutable,
    };
  }
  const [existing] = await ctx.em.execute<
    { id: string; deleted: boolean; expires_after: number | null; tags_immutable: boolean }[]
  >(
    `select id, deleted_at is not null as deleted, expires_after, tags_immutable from manifests
       where repository_id = ? and digest = ? for key share`,
    [repositoryId, digest],
  );
  // Collected between the two statements: the push is to be repeated, which clients do.
  if (!existing) throw manifestBlobUnknown([digest]);
  if (existing.deleted) await undelete(ctx.em, repositoryId, existing.id, digest);
  if (mayLack(parsed)) await listMore(ctx.em, existing.id, blobs);
  return {
    id: existing.id,
    digest,
    wasHere: !existing.deleted,
    expiresAfter: existing.expires_after,
    tagsImmutable: existing.tags_immutable,
  };
}

interface Inserted {
  readonly id: string;
  /** An index that lists it was pushed before it. */
  readonly listed: boolean;
}

/**
 * The row of a manifest with its blobs. What it weighs is known already, unless there are manifests below or above it.
 * @returns undefined when the repository has the manifest already
 */
async function insertManifest(
  ctx: Context,
  repositoryId: string,
  { digest, payload, parsed, facts }: Pick<PushedManifest, 'digest' | 'payload' | 'parsed'> & { facts: ManifestFacts },
  blobs: BlobRow[],
): Promise<Inserted | undefined> {
  const blobIds = blobs.map(({ id }) => id);
  const totalSize = blobs.reduce((sum, { size }) => sum + Number(size), payload.length);
  const [inserted] = await executePrepared<Inserted>(
    ctx.em,
    `with made as (${insertManifestFrom('')}),
     edges as (insert into manifest_blobs (manifest_id, blob_id) select made.id, blob from made, unnest(?::uuid[]) blob),
     -- Rows are seldom touched here, and in the order in which they are locked.
     wanted as (
       update blobs set unreferenced_since = null where id in (
         select id from blobs where id = any (?::uuid[]) and unreferenced_since is not null and exists (select from made)
           order by digest for no key update))
     select id, exists (select from manifest_children c where c.digest = made.digest) as listed from made`,
    [...manifestValues(repositoryId, { id: v7(), digest, payload, parsed, facts, totalSize }), ...[blobIds, blobIds]],
  );
  return inserted;
}

function placeholders(count: number): string {
  return Array<string>(count).fill('?').join(', ');
}
