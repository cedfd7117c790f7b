import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { requireTagDetails, type TagDetails } from './list-tags.ts';
import { moveTag, type TagCondition } from './move-tag.ts';
import { lockTarget, requireDigest, requireTagName } from './tag-target.ts';

export interface TagSetting {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  /** The tag is moved only if it names this at that moment. */
  readonly expectedDigest?: string | null | undefined;
  /** The tag is made only if there is none. */
  readonly mustBeNew?: boolean | null | undefined;
}

/**
 * Makes a tag, or moves it, to a manifest that the repository has.
 * @throws NAME_UNKNOWN, DENIED below write, INPUT_INVALID, NOT_FOUND, PRECONDITION_FAILED, TAG_IMMUTABLE
 */
export async function setTag(ctx: Context, input: TagSetting): Promise<TagDetails> {
  const repository = await requireRole(ctx, input.repository, 'write');
  const tag = requireTagName(input.tag);
  const digest = requireDigest(input.digest);
  const condition: TagCondition = {
    ...(input.expectedDigest && { match: [requireDigest(input.expectedDigest, 'expectedDigest')] }),
    ...(input.mustBeNew && { noneMatch: '*' }),
  };
  return inTransaction(ctx, async (inner) => {
    const manifest = await lockTarget(inner, repository.id, digest);
    const { previousDigest, changed } = await moveTag(inner, repository, { tag, manifest, as: 'set', condition });
    if (changed) recordUsage(inner, 'tag.set', { repository, tag, digest, details: { previousDigest } });
    await inner.em.flush();
    return requireTagDetails(inner, repository, tag);
  });
}
