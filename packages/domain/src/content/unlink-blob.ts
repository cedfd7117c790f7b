import type { Digest } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { blobUnknown, contentInUse } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { blobNeed } from './content-need.ts';

/**
 * Takes a blob out of a repository; others keep it. What a manifest of the repository is made of stays (guarantee P1).
 *
 * The link is locked first. A push locks the links of what it lists before it stores the manifest, so of the two one waits: the
 * check is a statement of its own, and sees the manifest of a push that was first. A push that comes second finds no link.
 * @throws BLOB_UNKNOWN, UNSUPPORTED naming what needs it: then nothing is deleted
 */
export async function unlinkBlob(
  ctx: Context,
  repository: { readonly id: string; readonly name: string },
  digest: Digest,
): Promise<void> {
  await inTransaction(ctx, async (inner) => {
    const { em } = inner;
    const [blob] = await em.execute<{ id: string }[]>(
      `select b.id from repository_blobs l join blobs b on b.id = l.blob_id
         where l.repository_id = ? and b.digest = ? and b.state <> 'deleting' for update of l`,
      [repository.id, digest],
    );
    if (!blob) throw blobUnknown(digest);
    const need = await blobNeed(inner, repository.id, blob.id);
    if (need) throw contentInUse('blob', digest, need);
    await em.execute('delete from repository_blobs where repository_id = ? and blob_id = ?', [repository.id, blob.id]);
    recordUsage(inner, 'blob.deleted', { repository, digest });
    await em.flush();
    await inner.faults?.('blob.unlinking');
  });
}
