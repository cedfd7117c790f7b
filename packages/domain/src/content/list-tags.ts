import type { Digest, TagName } from '@escale/schema/values';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { pageSize, readCursor, writeCursor, type Page, type PageInput } from '../page.ts';

/** Names of the live tags in byte order (end-8). @param page.limit at most 1000 @param page.last exclusive */
export async function listTags(
  ctx: Context,
  repositoryId: string,
  page: { limit: number; last?: string },
): Promise<{ tags: TagName[]; more: boolean }> {
  const rows = await ctx.em.execute<{ name: TagName }[]>(
    `select name from tags where repository_id = ? and ended_at is null and (expires_at is null or expires_at > now())
       and name > ? order by name limit ?`,
    [repositoryId, page.last ?? '', page.limit + 1],
  );
  return { tags: rows.slice(0, page.limit).map(({ name }) => name), more: rows.length > page.limit };
}

/** A tag as people look at it. */
export interface TagDetails {
  readonly name: TagName;
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the manifest and of each distinct blob below it, an index's children included. */
  readonly size: number;
  readonly platforms: readonly string[];
  readonly pushedAt: Date;
  readonly pushedBy: string;
  readonly expiresAt: Date | null;
  readonly immutable: boolean;
}

interface Row {
  id: string;
  name: TagName;
  digest: Digest;
  media_type: string;
  bytes: string;
  platforms: string[] | null;
  started_at: Date | string;
  pushed_by: string;
  expires_at: Date | string | null;
  immutable: boolean;
}

const live = `t.repository_id = ? and t.ended_at is null and (t.expires_at is null or t.expires_at > now())`;

/** One level of children is what exists in practice; a deeper index counts what it lists itself. */
const details = `
  select t.id, t.name, m.digest, m.media_type, t.started_at, t.pushed_by, t.expires_at, t.immutable,
    (select array_agg(c.platform order by c.position) from manifest_children c
       where c.parent_id = m.id and c.platform is not null and c.platform <> 'unknown/unknown') as platforms,
    (select coalesce(sum(s.size), 0) from (
       select distinct b.id, b.size from manifest_blobs e join blobs b on b.id = e.blob_id
         where e.manifest_id in (
           select m.id union all
           select k.id from manifest_children c join manifests k on k.repository_id = t.repository_id and k.digest = c.digest
             where c.parent_id = m.id)) s)
    + (select coalesce(sum(k.size), 0) from manifests k where k.repository_id = t.repository_id
         and k.digest in (select c.digest from manifest_children c where c.parent_id = m.id)) + m.size as bytes
  from tags t join manifests m on m.id = t.manifest_id`;

export interface TagFilter {
  readonly search?: string | null | undefined;
  readonly orderBy?: 'name' | 'pushed' | undefined;
  readonly page: PageInput;
}

/** Live tags, the latest pushed first unless ordered by name. @throws NAME_UNKNOWN */
export async function listTagDetails(ctx: Context, name: string, filter: TagFilter): Promise<Page<TagDetails>> {
  const repository = await requireRole(ctx, name, 'read');
  const size = pageSize(filter.page);
  const byName = filter.orderBy === 'name';
  const where = filter.search ? `${live} and strpos(lower(t.name), lower(?)) > 0` : live;
  const parameters = [repository.id, ...(filter.search ? [filter.search.slice(0, 128).replaceAll('\0', '')] : [])];
  const after = filter.page.after
    ? readCursor(filter.page.after, [byName ? undefined : 'timestamptz', 'uuid'])
    : undefined;
  const beyond = byName ? 'and (t.name, t.id) > (?, ?::uuid)' : 'and (t.started_at, t.id) < (?::timestamptz, ?::uuid)';
  const rows = await ctx.em.execute<(Row & { key: string })[]>(
    `select d.*, d.${byName ? 'name' : 'started_at'}::text as key from (${details} where ${where} ${after ? beyond : ''}
       order by ${byName ? 't.name, t.id' : 't.started_at desc, t.id desc'} limit ?) d`,
    [...parameters, ...(after ?? []), size + 1],
  );
  const [counted] = await ctx.em.execute<{ count: string }[]>(
    `select count(*) as count from tags t where ${where}`,
    parameters,
  );
  const shown = rows.slice(0, size);
  const cursors = shown.map((row) => writeCursor([row.key, row.id]));
  const endCursor = cursors.at(-1);
  return {
    items: shown.map(toDetails),
    totalCount: Number(counted?.count ?? 0),
    hasNextPage: rows.length > size,
    cursors,
    ...(endCursor !== undefined && { endCursor }),
  };
}

/** @returns undefined when the repository has no such live tag. @throws NAME_UNKNOWN */
export async function findTagDetails(ctx: Context, name: string, tag: string): Promise<TagDetails | undefined> {
  const repository = await requireRole(ctx, name, 'read');
  const [row] = await ctx.em.execute<Row[]>(`${details} where ${live} and t.name = ?`, [repository.id, tag]);
  return row && toDetails(row);
}

function toDetails(row: Row): TagDetails {
  return {
    name: row.name,
    digest: row.digest,
    mediaType: row.media_type,
    size: Number(row.bytes),
    platforms: row.platforms ?? [],
    pushedAt: new Date(row.started_at),
    pushedBy: row.pushed_by,
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at),
    immutable: row.immutable,
  };
}
