import type { TagName } from '@escale/schema/values';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { inputInvalid } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { forEachTag, type TagOutcome } from './for-each-tag.ts';
import { requireTagDetails, type TagDetails } from './list-tags.ts';
import { lockTag, recordTagEvent } from './tag-lifetime.ts';
import { requireTagName, tagNotFound } from './tag-target.ts';

/**
 * An immutable tag cannot be moved, deleted or expire, by nobody and on no way; pushing the same manifest again succeeds.
 * Whoever may push may make a tag immutable; to take that back needs an admin.
 * @throws NAME_UNKNOWN, DENIED, INPUT_INVALID for a tag that expires, NOT_FOUND
 */
export async function setTagImmutability(
  ctx: Context,
  input: { repository: string; tag: string; immutable: boolean },
): Promise<TagDetails> {
  const repository = await requireRole(ctx, input.repository, input.immutable ? 'write' : 'admin');
  const tag = requireTagName(input.tag);
  return fixTag(ctx, repository, tag, input.immutable);
}

/** The same for many tags; each on its own succeeds or is refused. @throws NAME_UNKNOWN, DENIED, INPUT_INVALID */
export async function setTagsImmutability(
  ctx: Context,
  input: { repository: string; tags: readonly string[]; immutable: boolean },
): Promise<TagOutcome[]> {
  const repository = await requireRole(ctx, input.repository, input.immutable ? 'write' : 'admin');
  return forEachTag(input.tags, (tag) => fixTag(ctx, repository, tag, input.immutable));
}

async function fixTag(
  ctx: Context,
  repository: { id: string; name: string },
  tag: TagName,
  immutable: boolean,
): Promise<TagDetails> {
  return inTransaction(ctx, async (inner) => {
    const open = await lockTag(inner, repository.id, tag);
    if (!open) throw tagNotFound(repository.name, tag);
    if (open.immutable === immutable) return requireTagDetails(inner, repository, tag);
    if (immutable && open.expiresAt)
      throw inputInvalid('tag', `the tag ${tag} expires; take the expiry away before making it immutable`);
    await inner.em.execute('update tags set immutable = ? where id = ?', [immutable, open.id]);
    const kind = immutable ? 'made_immutable' : 'made_mutable';
    await recordTagEvent(inner, repository.id, { tag, kind, digest: open.digest });
    recordUsage(inner, 'tag.immutability_changed', {
      repository,
      tag,
      digest: open.digest,
      details: { immutable },
    });
    await inner.em.flush();
    return requireTagDetails(inner, repository, tag);
  });
}
