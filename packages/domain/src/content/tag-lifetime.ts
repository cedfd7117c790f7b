import { v7 } from 'uuid';
import { executePrepared } from '@escale/schema/orm';
import type { Digest, TagEventKind, TagName } from '@escale/schema/values';
import { principalName } from '../access/principal.ts';
import type { Context } from '../context.ts';
import { tagImmutable } from '../errors.ts';

/** The lifetime in which a tag is: since when it names a manifest. */
export interface OpenLifetime {
  readonly id: string;
  readonly tag: TagName;
  readonly manifestId: string;
  readonly digest: Digest;
  readonly expiresAt: Date | null;
  readonly immutable: boolean;
  readonly lastPulledAt: Date | null;
}

interface Row {
  id: string;
  manifest_id: string;
  digest: Digest;
  expires_at: Date | string | null;
  immutable: boolean;
  last_pulled_at: Date | string | null;
  expired: boolean;
}

/** What `hashtextextended` makes the number of a tag's lock of. */
export const lockName = (repositoryId: string, tag: TagName): string => `tag:${repositoryId}:${tag}`;
const dateOrNull = (value: Date | string | null): Date | null => (value === null ? null : new Date(value));

/**
 * The first step of every change of a tag: two changes of one tag take turns, and each sees what the other left (D25). The
 * lock is the name's own, because a tag that does not exist has no row; it ends with the caller's transaction. Who changes
 * several tags at once takes them in order of their names, after the manifest that it locks, so that nobody waits in a circle.
 * A tag past its expiry is ended here, so that it is gone for changes as it is for reads.
 * @returns undefined when the tag names nothing
 */
export async function lockTag(ctx: Context, repositoryId: string, tag: TagName): Promise<OpenLifetime | undefined> {
  const { open } = await lockAndExpire(ctx, repositoryId, tag);
  return open;
}

/** The same for whoever wants to know whether it was this call that noticed the expiry. */
export async function lockAndExpire(
  ctx: Context,
  repositoryId: string,
  tag: TagName,
): Promise<{ open: OpenLifetime | undefined; expired: OpenLifetime | undefined }> {
  await executePrepared(ctx.em, 'select pg_advisory_xact_lock(hashtextextended(?, 0))', [lockName(repositoryId, tag)]);
  const [row] = await executePrepared<Row>(
    ctx.em,
    `select t.id, t.manifest_id, m.digest, t.expires_at, t.immutable, t.last_pulled_at,
            coalesce(t.expires_at <= clock_timestamp(), false) as expired
       from tags t join manifests m on m.id = t.manifest_id
       where t.repository_id = ? and t.name = ? and t.ended_at is null for no key update of t`,
    [repositoryId, tag],
  );
  if (!row) return { open: undefined, expired: undefined };
  const open: OpenLifetime = {
    id: row.id,
    tag,
    manifestId: row.manifest_id,
    digest: row.digest,
    expiresAt: dateOrNull(row.expires_at),
    immutable: row.immutable,
    lastPulledAt: dateOrNull(row.last_pulled_at),
  };
  if (!row.expired) return { open, expired: undefined };
  await expireLifetime(ctx, repositoryId, open);
  return { open: undefined, expired: open };
}

/**
 * Ends a lifetime: the one place through which a tag is moved, deleted or restored away, and so the one place that holds
 * immutable tags (T13). The caller has locked the tag.
 * @throws TAG_IMMUTABLE
 */
export async function endLifetime(ctx: Context, open: OpenLifetime): Promise<void> {
  requireMutable(open);
  await ctx.em.execute('update tags set ended_at = clock_timestamp() where id = ?', [open.id]);
}

/** The rule for whatever would end or shorten a lifetime. @throws TAG_IMMUTABLE */
export function requireMutable({ immutable, tag, digest }: Pick<OpenLifetime, 'immutable' | 'tag' | 'digest'>): void {
  if (immutable) throw tagImmutable(tag, digest);
}

/** A lifetime that is to begin. */
export interface NewLifetime {
  readonly tag: TagName;
  readonly manifest: { readonly id: string; readonly digest: Digest; readonly tagsImmutable: boolean };
  readonly expiresAt: Date | null;
  /** How its history calls it. */
  readonly as: TagEventKind;
}

/**
 * Locks a tag and begins its lifetime if it has none open, in one statement.
 * @returns false when the tag names something, or did until its expiry, which nobody has noticed: it is locked, and nothing else
 * has happened
 */
export async function beginIfUnnamed(ctx: Context, repositoryId: string, lifetime: NewLifetime): Promise<boolean> {
  const begun = await executePrepared(ctx.em, beginUnnamed, [
    lockName(repositoryId, lifetime.tag),
    ...beginningValues(ctx, repositoryId, lifetime),
  ]);
  return begun.length > 0;
}

/**
 * Begins a lifetime of a tag that has none open, and says so in its history. The times are the database's: those of one tag
 * never overlap.
 * @param previous what the tag named until now
 */
export async function beginLifetime(
  ctx: Context,
  repositoryId: string,
  lifetime: NewLifetime,
  previous: OpenLifetime | undefined,
): Promise<void> {
  await executePrepared(ctx.em, beginPlain, beginningValues(ctx, repositoryId, lifetime, previous));
}

/**
 * SQL of the parts of a statement that begin a lifetime, with `beginningValues`.
 * @param from what it hangs on
 * @param unless what happens where the tag has an open lifetime
 */
export const beginning = (from: string, unless: string): { readonly begun: string; readonly history: string } => ({
  begun: `
    insert into tags (id, repository_id, name, manifest_id, pushed_by, started_at, expires_at, immutable, last_pulled_at)
      select ?::uuid, ?::uuid, ?, ?::uuid, ?, clock_timestamp(), ?::timestamptz, ?::boolean, ?::timestamptz ${from}
      ${unless} returning repository_id, name, started_at, pushed_by, expires_at`,
  history: `
    insert into tag_events (id, repository_id, name, kind, at, by, digest, previous_digest, expires_at)
      select ?::uuid, repository_id, name, ?, started_at, pushed_by, ?, ?, expires_at from begun returning id`,
});

/** SQL that takes a tag's lock, with its name. @param from what has to happen before */
export const lockedTag = (from: string): string => `select pg_advisory_xact_lock(hashtextextended(?, 0)) ${from}`;

/** The index of open lifetimes sees what others have left when the lock is ours, where a look at the rows would not. */
export const unlessNamed = 'on conflict (repository_id, name) where ended_at is null do nothing';

const plain = beginning('', '');
const beginPlain = `with begun as (${plain.begun}) ${plain.history}`;
const unnamed = beginning('from locked', unlessNamed);
const beginUnnamed = `with locked as (${lockedTag('')}), begun as (${unnamed.begun}) ${unnamed.history}`;

/** A label that asks for both is taken as immutable: such a tag never expires. */
export function labelledExpiry(
  ctx: Context,
  { expiresAfter, tagsImmutable }: { readonly expiresAfter: number | null; readonly tagsImmutable: boolean },
): Date | null {
  return expiresAfter === null || tagsImmutable ? null : new Date(ctx.now.getTime() + expiresAfter * 1000);
}

export function beginningValues(
  ctx: Context,
  repositoryId: string,
  { tag, manifest, expiresAt, as }: NewLifetime,
  previous?: OpenLifetime,
): unknown[] {
  return [
    ...[v7(), repositoryId, tag, manifest.id, principalName(ctx.principal), expiresAt, manifest.tagsImmutable],
    ...[previous?.lastPulledAt ?? null, v7(), as, manifest.digest, previous?.digest ?? null],
  ];
}

/** The lifetime ended when its time was over, whenever that is noticed; nobody did it. */
async function expireLifetime(ctx: Context, repositoryId: string, open: OpenLifetime): Promise<void> {
  await ctx.em.execute('update tags set ended_at = expires_at where id = ?', [open.id]);
  await ctx.em.execute(
    `insert into tag_events (id, repository_id, name, kind, at, by, digest, expires_at) values (?, ?, ?, 'expired', ?, '', ?, ?)`,
    [v7(), repositoryId, open.tag, open.expiresAt, open.digest, open.expiresAt],
  );
}

/** Adds to the history of a tag what was just done to it, in the same transaction. */
export async function recordTagEvent(
  ctx: Context,
  repositoryId: string,
  event: {
    tag: TagName;
    kind: TagEventKind;
    digest: Digest;
    previousDigest?: Digest | undefined;
    expiresAt?: Date | null;
  },
): Promise<void> {
  await executePrepared(
    ctx.em,
    `insert into tag_events (id, repository_id, name, kind, at, by, digest, previous_digest, expires_at)
       values (?, ?, ?, ?, clock_timestamp(), ?, ?, ?, ?)`,
    [
      v7(),
      repositoryId,
      event.tag,
      event.kind,
      principalName(ctx.principal),
      event.digest,
      event.previousDigest ?? null,
      event.expiresAt ?? null,
    ],
  );
}
