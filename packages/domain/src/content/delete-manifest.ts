import type { Digest, Reference, TagName } from '@escale/schema/values';
import { afterDeadlock } from '../after-deadlock.ts';
import type { Context } from '../context.ts';
import { contentInUse, manifestUnknown } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { manifestNeed } from './content-need.ts';
import { endTag } from './delete-tag.ts';
import { noteArrival } from './manifest-edges.ts';
import { endLifetime, lockTag, recordTagEvent } from './tag-lifetime.ts';

/**
 * By tag: that tag only. By digest: the manifest and all its tags (end-9). What is deleted is gone for clients at once (P4);
 * its tags can be restored within the time machine's window, and so the manifest's row stays until that is over.
 * @throws MANIFEST_UNKNOWN, TAG_IMMUTABLE, UNSUPPORTED while an index lists the manifest: then nothing is deleted
 */
export async function deleteManifest(
  ctx: Context,
  repository: { id: string; name: string },
  reference: Reference,
): Promise<void> {
  await afterDeadlock(() =>
    inTransaction(ctx, async (inner) => {
      await (reference.kind === 'tag'
        ? deleteByTag(inner, repository, reference.tag)
        : deleteByDigest(inner, repository, reference.digest));
      await inner.em.flush();
      await inner.faults?.('manifest.deleting');
    }),
  );
}

async function deleteByTag(ctx: Context, repository: { id: string; name: string }, tag: TagName): Promise<void> {
  if (!(await endTag(ctx, repository, tag))) throw manifestUnknown(tag);
}

/**
 * The row lock keeps tags from being set on the manifest, and indexes that list it from being stored, until this is over. What
 * an index is made of stays (guarantee P1), whoever may delete the index.
 */
async function deleteByDigest(ctx: Context, repository: { id: string; name: string }, digest: Digest): Promise<void> {
  const [manifest] = await ctx.em.execute<{ id: string }[]>(
    'select id from manifests where repository_id = ? and digest = ? and deleted_at is null for update',
    [repository.id, digest],
  );
  if (!manifest) throw manifestUnknown(digest);
  const need = await manifestNeed(ctx, repository.id, digest);
  if (need) throw contentInUse('manifest', digest, need);
  const named = await ctx.em.execute<{ name: TagName }[]>(
    'select name from tags where manifest_id = ? and ended_at is null order by name',
    [manifest.id],
  );
  for (const { name: tag } of named) {
    const open = await lockTag(ctx, repository.id, tag);
    // Moved away or ended while its lock was waited for.
    if (open?.manifestId !== manifest.id) continue;
    await endLifetime(ctx, open);
    await recordTagEvent(ctx, repository.id, { tag, kind: 'deleted', digest });
    recordUsage(ctx, 'tag.deleted', { repository, tag, digest });
  }
  await noteArrival(ctx.em, repository.id, digest);
  await ctx.em.execute('update manifests set deleted_at = clock_timestamp() where id = ?', [manifest.id]);
  recordUsage(ctx, 'manifest.deleted', { repository, digest });
}
