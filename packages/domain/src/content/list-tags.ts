import { deprecationKey, type Digest, type TagName } from '@escale/schema/values';
import { nameShownTo } from '../access/principal.ts';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { inputInvalid } from '../errors.ts';
import { pageOfRows, pageSize, readCursor, type Page, type PageInput } from '../page.ts';
import { alive } from './kept-manifests.ts';
import { tagNotFound } from './tag-target.ts';

/** Names of the live tags in byte order (end-8). @param page.limit at most 1000 @param page.last exclusive */
export async function listTags(
  ctx: Context,
  repositoryId: string,
  page: { limit: number; last?: string },
): Promise<{ tags: TagName[]; more: boolean }> {
  const rows = await ctx.em.execute<{ name: TagName }[]>(
    `select name from tags t where repository_id = ? and ${alive('t')} and name > ? order by name limit ?`,
    [repositoryId, page.last ?? '', page.limit + 1],
  );
  return { tags: rows.slice(0, page.limit).map(({ name }) => name), more: rows.length > page.limit };
}

/** A tag as people look at it. */
export interface TagDetails {
  /** Of the open lifetime. */
  readonly id: string;
  readonly repository: string;
  readonly name: TagName;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType: string | null;
  /** Bytes of the manifest and of each distinct blob below it, an index's children included. */
  readonly size: number;
  /** Those of an index, or the one of an image. */
  readonly platforms: readonly string[];
  readonly pushedAt: Date;
  /** Login of who made it name this manifest; undefined for anonymous callers. */
  readonly pushedBy: string | undefined;
  readonly expiresAt: Date | null;
  readonly immutable: boolean;
  readonly lastPulledAt: Date | null;
}

interface Row {
  id: string;
  name: TagName;
  digest: Digest;
  media_type: string;
  artifact_type: string | null;
  total_size: string;
  platforms: string[] | null;
  platform: string | null;
  started_at: Date | string;
  pushed_by: string;
  expires_at: Date | string | null;
  immutable: boolean;
  last_pulled_at: Date | string | null;
}

const columns = `t.id, t.name, m.id as manifest_id, m.digest, m.media_type, m.artifact_type, m.total_size, m.platform,
  t.started_at, t.pushed_by, t.expires_at, t.immutable, t.last_pulled_at`;

/** What takes a look-up of its own for each tag is looked up for the page alone. */
const withPlatforms = (page: string): string => `
  select d.*, (select array_agg(c.platform order by c.position) from manifest_children c
      where c.parent_id = d.manifest_id and c.platform is not null and c.platform <> 'unknown/unknown') as platforms
    from (${page}) d`;

/** How a list of tags is ordered: its key, the key's type for cursors, and its direction. */
const orders = {
  name: { key: 't.name', cast: undefined, direction: 'asc' },
  pushed: { key: 't.started_at', cast: 'timestamptz', direction: 'desc' },
  size: { key: 'm.total_size', cast: 'bigint', direction: 'desc' },
} as const;

/** Which tags are listed, and in which order. */
export interface TagFilter {
  /** A part of the name, the beginning of a digest with its algorithm, or `is:deprecated`. */
  readonly search?: string | null | undefined;
  readonly orderBy?: keyof typeof orders | undefined;
}

/** What the filter finds among the live tags of a repository; tags are `t`, and their manifests `m`. */
function foundBy({ search: given }: TagFilter, repositoryId: string) {
  const search = given?.slice(0, 160).replaceAll('\0', '');
  const joined = 'tags t join manifests m on m.id = t.manifest_id';
  const sought = search ? matching(search) : undefined;
  return {
    from: joined,
    /** The same where it is not ordered by what a manifest says. */
    fewest: sought ? joined : 'tags t',
    where: `t.repository_id = ? and ${alive('t')} ${sought ? `and ${sought.condition}` : ''}`,
    parameters: [repositoryId, ...(sought ? [sought.parameter] : [])],
  };
}

/** Live tags, the latest pushed first unless ordered otherwise. @throws NAME_UNKNOWN, PAGE_INVALID */
export async function listTagDetails(
  ctx: Context,
  name: string,
  filter: TagFilter & { readonly page: PageInput },
): Promise<Page<TagDetails>> {
  const repository = await requireRole(ctx, name, 'read');
  const size = pageSize(filter.page);
  const { key, cast, direction } = orders[filter.orderBy ?? 'pushed'];
  const { from, fewest, where, parameters } = foundBy(filter, repository.id);
  const after = filter.page.after ? readCursor(filter.page.after, [cast, 'uuid']) : undefined;
  const beyond = `and (${key}, t.id) ${direction === 'asc' ? '>' : '<'} (?${cast ? `::${cast}` : ''}, ?::uuid)`;
  const rows = await ctx.em.execute<(Row & { key: string })[]>(
    withPlatforms(`select ${columns}, ${key}::text as key from ${from} where ${where} ${after ? beyond : ''}
       order by ${key} ${direction}, t.id ${direction} limit ?`),
    [...parameters, ...(after ?? []), size + 1],
  );
  const [counted] = await ctx.em.execute<{ count: string }[]>(
    `select count(*) as count from ${fewest} where ${where}`,
    parameters,
  );
  return pageOfRows(rows, {
    size,
    totalCount: Number(counted?.count ?? 0),
    keysOf: (row) => [row.key, row.id],
    toItem: (row) => toDetails(ctx, row, repository.name),
  });
}

/** Names that one answer holds at most: some 300 KB. */
const mostNames = 20_000;

/**
 * The names alone, in the order of the list, at most 20,000: with them a page shows any part of a long list, and chooses all of it,
 * without having read the rest. @throws NAME_UNKNOWN
 */
export async function listTagNames(ctx: Context, name: string, filter: TagFilter): Promise<TagName[]> {
  const repository = await requireRole(ctx, name, 'read');
  const { key, direction } = orders[filter.orderBy ?? 'pushed'];
  const { from, fewest, where, parameters } = foundBy(filter, repository.id);
  const rows = await ctx.em.execute<{ name: TagName }[]>(
    `select t.name from ${key.startsWith('m.') ? from : fewest} where ${where}
       order by ${key} ${direction}, t.id ${direction} limit ${String(mostNames)}`,
    parameters,
  );
  return rows.map(({ name: tag }) => tag);
}

/** No name of a tag has a colon. */
function matching(search: string): { readonly condition: string; readonly parameter: string } {
  if (/^is:deprecated$/i.test(search))
    return { condition: 'm.annotations -> ?::text is not null', parameter: deprecationKey };
  return /^sha(?:256|512):/i.test(search)
    ? { condition: 'starts_with(m.digest, lower(?))', parameter: search }
    : { condition: 'strpos(lower(t.name), lower(?)) > 0', parameter: search };
}

/** @returns undefined when the repository has no such live tag. @throws NAME_UNKNOWN */
export async function findTagDetails(ctx: Context, name: string, tag: string): Promise<TagDetails | undefined> {
  return (await findTagsDetails(ctx, name, [tag]))[0];
}

/** Tags that one request may look up by their names. */
const mostLookedUp = 100;

/** The live ones among these tags, in byte order. @throws NAME_UNKNOWN, INPUT_INVALID for more than 100 */
export async function findTagsDetails(ctx: Context, name: string, tags: readonly string[]): Promise<TagDetails[]> {
  if (tags.length > mostLookedUp) throw inputInvalid('names', `name at most ${String(mostLookedUp)} tags`);
  const repository = await requireRole(ctx, name, 'read');
  if (tags.length === 0) return [];
  const wanted = tags.map((tag) => tag.replaceAll('\0', ''));
  return readTags(ctx, repository, `t.name in (${wanted.map(() => '?').join(', ')})`, wanted);
}

/** For verbs that have just changed it and still hold its lock, so that nobody else can have deleted it. */
export async function requireTagDetails(
  ctx: Context,
  repository: { id: string; name: string },
  tag: TagName,
): Promise<TagDetails> {
  const [found] = await readTags(ctx, repository, 't.name = ?', [tag]);
  if (!found) throw tagNotFound(repository.name, tag);
  return found;
}

/** The live tags of a manifest, in byte order. @throws NAME_UNKNOWN */
export async function listTagsOfManifest(ctx: Context, name: string, manifestId: string): Promise<TagDetails[]> {
  const repository = await requireRole(ctx, name, 'read');
  return readTags(ctx, repository, 't.manifest_id = ?', [manifestId]);
}

/** How many live tags name each of these manifests, by their ids; those without any are left out. @throws NAME_UNKNOWN */
export async function countTagsOfManifests(
  ctx: Context,
  name: string,
  manifestIds: readonly string[],
): Promise<Map<string, number>> {
  const repository = await requireRole(ctx, name, 'read');
  const rows = await ctx.em.execute<{ manifest_id: string; count: string }[]>(
    `select t.manifest_id, count(*) as count from tags t
       where t.repository_id = ? and ${alive('t')} and t.manifest_id in (${manifestIds.map(() => '?').join(', ')})
       group by t.manifest_id`,
    [repository.id, ...manifestIds],
  );
  return new Map(rows.map(({ manifest_id, count }) => [manifest_id, Number(count)]));
}

async function readTags(
  ctx: Context,
  repository: { id: string; name: string },
  condition: string,
  parameters: readonly string[],
): Promise<TagDetails[]> {
  const rows = await ctx.em.execute<Row[]>(
    `${withPlatforms(`select ${columns} from tags t join manifests m on m.id = t.manifest_id
       where t.repository_id = ? and ${alive('t')} and ${condition}`)} order by d.name limit 1000`,
    [repository.id, ...parameters],
  );
  return rows.map((row) => toDetails(ctx, row, repository.name));
}

function toDetails({ principal }: Context, row: Row, repository: string): TagDetails {
  return {
    id: row.id,
    repository,
    name: row.name,
    digest: row.digest,
    mediaType: row.media_type,
    artifactType: row.artifact_type,
    size: Number(row.total_size),
    platforms: row.platforms ?? (row.platform === null ? [] : [row.platform]),
    pushedAt: new Date(row.started_at),
    pushedBy: nameShownTo(principal, row.pushed_by),
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at),
    immutable: row.immutable,
    lastPulledAt: row.last_pulled_at === null ? null : new Date(row.last_pulled_at),
  };
}
