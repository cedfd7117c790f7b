import type { TagName } from '@escale/schema/values';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { inTransaction } from '../in-transaction.ts';
import { futureDate } from '../inputs/future-date.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { forEachTag, type TagOutcome } from './for-each-tag.ts';
import { requireTagDetails, type TagDetails } from './list-tags.ts';
import { lockTag, recordTagEvent, requireMutable } from './tag-lifetime.ts';
import { requireTagName, tagNotFound } from './tag-target.ts';

/**
 * Says when a tag ends by itself.
 * @param input.expiresAt null: never
 * @throws NAME_UNKNOWN, DENIED below write, INPUT_INVALID for a moment that has passed, NOT_FOUND, TAG_IMMUTABLE
 */
export async function setTagExpiry(
  ctx: Context,
  input: { repository: string; tag: string; expiresAt?: Date | null | undefined },
): Promise<TagDetails> {
  const repository = await requireRole(ctx, input.repository, 'write');
  const tag = requireTagName(input.tag);
  return expireTagAt(ctx, repository, tag, futureDate(ctx, input.expiresAt, 'expiresAt'));
}

/** The same for many tags; each on its own succeeds or is refused. @throws NAME_UNKNOWN, DENIED below write, INPUT_INVALID */
export async function setTagsExpiry(
  ctx: Context,
  input: { repository: string; tags: readonly string[]; expiresAt?: Date | null | undefined },
): Promise<TagOutcome[]> {
  const repository = await requireRole(ctx, input.repository, 'write');
  const expiresAt = futureDate(ctx, input.expiresAt, 'expiresAt');
  return forEachTag(input.tags, (tag) => expireTagAt(ctx, repository, tag, expiresAt));
}

async function expireTagAt(
  ctx: Context,
  repository: { id: string; name: string },
  tag: TagName,
  expiresAt: Date | null,
): Promise<TagDetails> {
  return inTransaction(ctx, async (inner) => {
    const open = await lockTag(inner, repository.id, tag);
    if (!open) throw tagNotFound(repository.name, tag);
    if (open.expiresAt?.getTime() === expiresAt?.getTime()) return requireTagDetails(inner, repository, tag);
    requireMutable(open);
    await inner.em.execute('update tags set expires_at = ? where id = ?', [expiresAt, open.id]);
    await recordTagEvent(inner, repository.id, { tag, kind: 'expiry_set', digest: open.digest, expiresAt });
    recordUsage(inner, 'tag.expiry_changed', {
      repository,
      tag,
      digest: open.digest,
      details: { expiresAt: expiresAt?.toISOString() ?? null, before: open.expiresAt?.toISOString() ?? null },
    });
    await inner.em.flush();
    return requireTagDetails(inner, repository, tag);
  });
}
