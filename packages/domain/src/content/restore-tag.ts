import { requireRole } from '../access/require-role.ts';
import { afterDeadlock } from '../after-deadlock.ts';
import type { Context } from '../context.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { requireTagDetails, type TagDetails } from './list-tags.ts';
import { moveTag } from './move-tag.ts';
import { recallTarget, requireDigest, requireTagName } from './tag-target.ts';

/**
 * Makes a tag name what it named before: undoes a deletion, an expiry or a move. The tag can then be pulled: blobs and children
 * of the image that were deleted meanwhile come back with it.
 * @throws NAME_UNKNOWN, DENIED below write, INPUT_INVALID, NOT_FOUND once the time machine's window is over, TAG_IMMUTABLE,
 * PRECONDITION_FAILED when what it was made of is lost
 */
export async function restoreTag(
  ctx: Context,
  input: { repository: string; tag: string; digest: string },
): Promise<TagDetails> {
  const repository = await requireRole(ctx, input.repository, 'write');
  const tag = requireTagName(input.tag);
  const digest = requireDigest(input.digest);
  return afterDeadlock(() =>
    inTransaction(ctx, async (inner) => {
      const manifest = await recallTarget(inner, repository.id, tag, digest);
      const { previousDigest, changed } = await moveTag(inner, repository, { tag, manifest, as: 'restored' });
      if (changed) recordUsage(inner, 'tag.restored', { repository, tag, digest, details: { previousDigest } });
      await inner.em.flush();
      return requireTagDetails(inner, repository, tag);
    }),
  );
}
