import type { Digest, TagEventKind, TagName } from '@escale/schema/values';
import { nameShownTo } from '../access/principal.ts';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { pageOfRows, pageSize, readCursor, type Page, type PageInput } from '../page.ts';
import { alive, keptByTags } from './kept-manifests.ts';

/** What happened to a tag, as people look at it. */
export interface TagEventDetails {
  readonly id: string;
  readonly tag: TagName;
  readonly kind: TagEventKind;
  readonly at: Date;
  /** Undefined where time did it, and for anonymous callers. */
  readonly by: string | undefined;
  readonly digest: Digest;
  readonly previousDigest: Digest | null;
  readonly expiresAt: Date | null;
  /** Whether `restoreTag` can make the tag name this digest again; false where it does so now. */
  readonly restorable: boolean;
}

interface Row {
  id: string;
  name: TagName;
  kind: TagEventKind;
  at: Date | string;
  key: string;
  by: string;
  digest: Digest;
  previous_digest: Digest | null;
  expires_at: Date | string | null;
  restorable: boolean;
}

const restorable = `exists (
  select 1 from manifests m where m.repository_id = e.repository_id and m.digest = e.digest
    and exists (select 1 from tags t where t.manifest_id = m.id and t.name = e.name)
    and not exists (select 1 from tags t where t.manifest_id = m.id and t.name = e.name and ${alive('t')})
    and (m.deleted_at is null or ${keptByTags('m')}))`;

/** What happened to a repository's tags, or to one of them, the latest first. @throws NAME_UNKNOWN, PAGE_INVALID */
export async function listTagEvents(
  ctx: Context,
  name: string,
  { tag, page }: { tag?: string | null | undefined; page: PageInput },
): Promise<Page<TagEventDetails>> {
  const repository = await requireRole(ctx, name, 'read');
  const size = pageSize(page);
  const after = page.after ? readCursor(page.after, ['timestamptz', 'uuid']) : undefined;
  const where = `e.repository_id = ? ${tag ? 'and e.name = ?' : ''}`;
  const parameters = [repository.id, ...(tag ? [tag.replaceAll('\0', '')] : [])];
  const rows = await ctx.em.execute<Row[]>(
    `select e.*, ${restorable} as restorable from (
       select e.*, e.at::text as key from tag_events e
         where ${where} ${after ? 'and (e.at, e.id) < (?::timestamptz, ?::uuid)' : ''}
         order by e.at desc, e.id desc limit ?) e
     order by e.at desc, e.id desc`,
    [...parameters, ...(after ?? []), size + 1],
  );
  const [counted] = await ctx.em.execute<{ count: string }[]>(
    `select count(*) as count from tag_events e where ${where}`,
    parameters,
  );
  return pageOfRows(rows, {
    size,
    totalCount: Number(counted?.count ?? 0),
    keysOf: ({ key, id }) => [key, id],
    toItem: (row) => toDetails(ctx, row),
  });
}

function toDetails({ principal }: Context, row: Row): TagEventDetails {
  return {
    id: row.id,
    tag: row.name,
    kind: row.kind,
    at: new Date(row.at),
    by: nameShownTo(principal, row.by) || undefined,
    digest: row.digest,
    previousDigest: row.previous_digest,
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at),
    restorable: row.restorable,
  };
}
