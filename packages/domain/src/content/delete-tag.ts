import type { TagName } from '@escale/schema/values';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { forEachTag, type TagOutcome } from './for-each-tag.ts';
import { endLifetime, lockTag, recordTagEvent } from './tag-lifetime.ts';
import { requireTagName, tagNotFound } from './tag-target.ts';

/**
 * Ends a tag; its manifest stays, and the tag can be restored within the time machine's window.
 * @throws NAME_UNKNOWN, DENIED below write, INPUT_INVALID, NOT_FOUND, TAG_IMMUTABLE
 */
export async function deleteTag(ctx: Context, input: { repository: string; tag: string }): Promise<TagName> {
  const repository = await requireRole(ctx, input.repository, 'write');
  const tag = requireTagName(input.tag);
  await deleteOrRefuse(ctx, repository, tag);
  return tag;
}

/** The same for many tags; each on its own is deleted or refused. @throws NAME_UNKNOWN, DENIED below write, INPUT_INVALID */
export async function deleteTags(
  ctx: Context,
  input: { repository: string; tags: readonly string[] },
): Promise<TagOutcome[]> {
  const repository = await requireRole(ctx, input.repository, 'write');
  return forEachTag(input.tags, (tag) => deleteOrRefuse(ctx, repository, tag));
}

async function deleteOrRefuse(ctx: Context, repository: { id: string; name: string }, tag: TagName): Promise<void> {
  await inTransaction(ctx, async (inner) => {
    if (!(await endTag(inner, repository, tag))) throw tagNotFound(repository.name, tag);
    await inner.em.flush();
  });
}

/** Within the caller's transaction, who has checked the right. @returns false when there is no such tag @throws TAG_IMMUTABLE */
export async function endTag(ctx: Context, repository: { id: string; name: string }, tag: TagName): Promise<boolean> {
  const open = await lockTag(ctx, repository.id, tag);
  if (!open) return false;
  await endLifetime(ctx, open);
  await recordTagEvent(ctx, repository.id, { tag, kind: 'deleted', digest: open.digest });
  recordUsage(ctx, 'tag.deleted', { repository, tag, digest: open.digest });
  return true;
}
