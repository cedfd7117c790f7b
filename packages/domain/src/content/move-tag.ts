import type { Digest, TagName } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { tagChanged } from '../errors.ts';
import {
  beginIfUnnamed,
  beginLifetime,
  endLifetime,
  labelledExpiry,
  lockTag,
  recordTagEvent,
  type OpenLifetime,
} from './tag-lifetime.ts';

/** What a tag must be at the moment of its change, as `If-Match` and `If-None-Match` say it (RFC 9110 §13.1). */
export interface TagCondition {
  /** The tag names one of these; `*`: it exists. */
  readonly match?: readonly Digest[] | '*' | undefined;
  /** The tag names none of these; `*`: it does not exist. */
  readonly noneMatch?: readonly Digest[] | '*' | undefined;
}

/** What a tag is to name from now on. */
export interface TagMove {
  readonly tag: TagName;
  readonly manifest: TagTarget;
  /** How the history calls it when the tag existed not, or named something else. */
  readonly as: 'pushed' | 'set' | 'restored';
  readonly condition?: TagCondition | undefined;
}

/** A manifest as tags see it, with what its labels ask of them. */
export interface TagTarget {
  readonly id: string;
  readonly digest: Digest;
  /** Seconds, counted from each tagging. */
  readonly expiresAfter: number | null;
  readonly tagsImmutable: boolean;
}

/**
 * Makes a tag name a manifest: ends its open lifetime and begins a new one. When it names that manifest already, that is no
 * change, also for an immutable tag; only an expiry that a label asks for counts anew. Runs in the caller's transaction, which
 * holds a lock on the manifest; two changes of one tag take turns.
 * @returns what the tag named before, whether that changed
 * @throws PRECONDITION_FAILED, TAG_IMMUTABLE
 */
export async function moveTag(
  ctx: Context,
  repository: { id: string },
  { tag, manifest, as, condition }: TagMove,
): Promise<{ previousDigest: Digest | undefined; changed: boolean }> {
  const expiresAt = labelledExpiry(ctx, manifest);
  const lifetime = { tag, manifest, expiresAt, as };
  // Most pushes of a pipeline make a new tag, which takes one statement.
  if (!condition && (await beginIfUnnamed(ctx, repository.id, lifetime)))
    return { previousDigest: undefined, changed: true };
  const open = await lockTag(ctx, repository.id, tag);
  if (condition && !holds(condition, open?.digest)) throw tagChanged(tag, open?.digest);
  if (open?.manifestId === manifest.id) {
    await renewExpiry(ctx, repository.id, open, expiresAt);
    return { previousDigest: open.digest, changed: false };
  }
  if (open) await endLifetime(ctx, open);
  await beginLifetime(ctx, repository.id, { ...lifetime, as: as !== 'restored' && open ? 'moved' : as }, open);
  return { previousDigest: open?.digest, changed: true };
}

/** @param current the digest that is named now; undefined when there is nothing */
export function holds({ match, noneMatch }: TagCondition, current: Digest | undefined): boolean {
  const names = (digests: readonly Digest[] | '*'): boolean =>
    current !== undefined && (digests === '*' || digests.includes(current));
  return (match === undefined || names(match)) && (noneMatch === undefined || !names(noneMatch));
}

async function renewExpiry(
  ctx: Context,
  repositoryId: string,
  open: OpenLifetime,
  expiresAt: Date | null,
): Promise<void> {
  if (expiresAt === null || open.immutable) return;
  await ctx.em.execute('update tags set expires_at = ? where id = ?', [expiresAt, open.id]);
  await recordTagEvent(ctx, repositoryId, { tag: open.tag, kind: 'expiry_set', digest: open.digest, expiresAt });
}
