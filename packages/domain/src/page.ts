import type { EntityName } from '@mikro-orm/core';
import { isUuid } from '@escale/schema/values';
import type { Context } from './context.ts';
import { pageInvalid } from './errors.ts';

/** Which part of a list: the first so many after a cursor. */
export interface PageInput {
  /** 1 to 100. */
  readonly first?: number | null | undefined;
  /** A cursor of this same list. */
  readonly after?: string | null | undefined;
}

/** One part of a list, with what the next part needs. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly totalCount: number;
  readonly hasNextPage: boolean;
  /** Cursor of the last item; absent for an empty page. */
  readonly endCursor?: string;
  /** A cursor for each item. */
  readonly cursors?: readonly string[];
}

interface Keyset {
  /** `table x join …`; the first alias is the listed table, its id breaks ties. */
  readonly from: string;
  readonly where: string;
  readonly parameters: readonly unknown[];
  /** Expressions that order the list; nulls must have been replaced by a value. */
  readonly order: readonly { readonly sql: string; readonly descending?: boolean; readonly cast?: string }[];
  readonly page: PageInput;
  /** Counts no further than this: lists that grow with every pull must not be counted to their end for each page. */
  readonly countAtMost?: number;
  /** For lists that no index holds in order, and that are small: all rows are found once, the page and the count are made of them. */
  readonly readOnce?: boolean;
}

const defaultSize = 30;

/** Reads one page by keyset, never by offset: any depth costs the same. */
export async function keysetPage<Item extends { id: string }>(
  ctx: Context,
  entity: EntityName<Item>,
  keyset: Keyset,
): Promise<Page<Item>> {
  const { from, order, page } = keyset;
  const size = pageSize(page);
  const alias = /^\w+ (\w+)/.exec(from)?.[1] ?? 'x';
  const keys = [...order, { sql: `${alias}.id`, descending: order[0]?.descending ?? false, cast: 'uuid' }];
  const after = page.after
    ? readCursor(
        page.after,
        keys.map(({ cast }) => cast),
      )
    : undefined;
  const { rows, totalCount } = await (keyset.readOnce ? readOnce : readBeside)(ctx, keyset, {
    alias,
    keys,
    after,
    size,
  });
  const shown = rows.slice(0, size);
  const ids = shown.map((row) => row['id'] as string);
  const found = await ctx.em.find(entity, { id: { $in: ids } } as never);
  const byId = new Map(found.map((item) => [item.id, item as Item]));
  const items = ids.flatMap((id) => byId.get(id) ?? []);
  const cursors = shown.map((row) => writeCursor(keys.map((_, index) => row[`k${String(index)}`] as string)));
  const endCursor = cursors.at(-1);
  return {
    items,
    totalCount,
    hasNextPage: rows.length > size,
    cursors,
    ...(endCursor !== undefined && { endCursor }),
  };
}

interface Reading {
  /** Of the listed table. */
  readonly alias: string;
  readonly keys: Keyset['order'];
  readonly after: readonly string[] | undefined;
  readonly size: number;
}

interface Read {
  /** One more than the size when there are more; `id`, and the keys as text: `k0`, `k1` … */
  readonly rows: readonly Record<string, unknown>[];
  readonly totalCount: number;
}

/** The page by an index, the count beside it: on two connections where there are two. */
async function readBeside(
  ctx: Context,
  { from, where, parameters, countAtMost }: Keyset,
  { alias, keys, after, size }: Reading,
): Promise<Read> {
  const listed = `from ${from} where (${where})`;
  const [rows, counted] = await Promise.all([
    ctx.em.execute<Record<string, unknown>[]>(
      `select ${alias}.id, ${keys.map(({ sql }, index) => `(${sql})::text as k${String(index)}`).join(', ')}
         ${listed} ${after ? `and ${beyondCursor(keys)}` : ''} order by ${inOrder(keys)} limit ?`,
      [...parameters, ...(after ? cursorParameters(keys, after) : []), size + 1],
    ),
    ctx.em.execute<{ count: string }[]>(
      countAtMost === undefined
        ? `select count(*) as count ${listed}`
        : `select count(*) as count from (select 1 ${listed} limit ${String(countAtMost)}) as counted`,
      [...parameters],
    ),
  ]);
  return { rows, totalCount: Number(counted[0]?.count ?? 0) };
}

/** Page and count of one moment, and each row read once. */
async function readOnce(
  ctx: Context,
  { from, where, parameters }: Keyset,
  { alias, keys, after, size }: Reading,
): Promise<Read> {
  const named = keys.map((key, index) => ({ ...key, sql: `l.k${String(index)}` }));
  const rows = await ctx.em.execute<(Record<string, unknown> & { count: string })[]>(
    `with listed as materialized (
       select ${alias}.id, ${keys.map(({ sql }, index) => `${sql} as k${String(index)}`).join(', ')} from ${from} where (${where}))
     select counted.count, l.id, ${named.map(({ sql }, index) => `${sql}::text as k${String(index)}`).join(', ')}
       from (select count(*) as count from listed) as counted
       left join (select * from listed l ${after ? `where ${beyondCursor(named)}` : ''}
         order by ${inOrder(named)} limit ?) as l on true order by ${inOrder(named)}`,
    [...parameters, ...(after ? cursorParameters(named, after) : []), size + 1],
  );
  // A page beyond the end has the count alone.
  return { rows: rows.filter(({ id }) => id !== null), totalCount: Number(rows[0]?.count ?? 0) };
}

function inOrder(keys: Keyset['order']): string {
  return keys.map(({ sql, descending }) => `${sql} ${descending ? 'desc' : 'asc'}`).join(', ');
}

/**
 * Makes a page of rows that a statement of one's own has read.
 * @param rows one more than the size when there are more
 * @param keysOf what the statement orders by, as text, in order; the id last
 */
export function pageOfRows<Row, Item>(
  rows: readonly Row[],
  page: { size: number; totalCount: number; keysOf: (row: Row) => readonly string[]; toItem: (row: Row) => Item },
): Page<Item> {
  const shown = rows.slice(0, page.size);
  const cursors = shown.map((row) => writeCursor(page.keysOf(row)));
  const endCursor = cursors.at(-1);
  return {
    items: shown.map(page.toItem),
    totalCount: page.totalCount,
    hasNextPage: rows.length > page.size,
    cursors,
    ...(endCursor !== undefined && { endCursor }),
  };
}

/** @throws PAGE_INVALID outside 1 to 100 (G14) */
export function pageSize({ first }: PageInput): number {
  const size = first ?? defaultSize;
  if (!Number.isInteger(size) || size < 1 || size > 100) throw pageInvalid('first', 'first must be between 1 and 100');
  return size;
}

/** Whether all keys run the same way: then an index finds the place (a row comparison), whatever the depth. */
function oneDirection(keys: Keyset['order']): boolean {
  return keys.every(({ descending = false }) => descending === (keys[0]?.descending ?? false));
}

/** `(a, b, c) beyond (?, ?, ?)`, written out where the directions differ. */
function beyondCursor(keys: Keyset['order']): string {
  if (oneDirection(keys)) {
    const sign = keys[0]?.descending ? '<' : '>';
    return `(${keys.map(({ sql }) => sql).join(', ')}) ${sign} (${keys.map(({ cast }) => typed(cast)).join(', ')})`;
  }
  const clauses = keys.map((key, index) => {
    const equal = keys.slice(0, index).map(({ sql, cast }) => `${sql} = ${typed(cast)}`);
    return `(${[...equal, `${key.sql} ${key.descending ? '<' : '>'} ${typed(key.cast)}`].join(' and ')})`;
  });
  return `(${clauses.join(' or ')})`;
}

function typed(cast: string | undefined): string {
  return cast ? `?::${cast}` : '?';
}

/** The parameters of `beyondCursor`, in the order in which it names them: written out, 1, then 1 2, then 1 2 3. */
function cursorParameters(keys: Keyset['order'], values: readonly string[]): readonly string[] {
  if (oneDirection(keys)) return values;
  return values.flatMap((_, index) => values.slice(0, index + 1));
}

export function writeCursor(values: readonly string[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/**
 * @param casts the type of each key in SQL, the last one a uuid
 * @throws PAGE_INVALID for what is no cursor, or one of another list or order (G14)
 */
export function readCursor(text: string, casts: readonly (string | undefined)[]): string[] {
  const values = parseCursor(text);
  if (values.length === casts.length && values.every((value, index) => fits(value, casts[index]))) return values;
  throw pageInvalid('after', 'after is not a cursor of this list');
}

/** Reads a cursor of whatever list. @throws PAGE_INVALID for what is none */
export function parseCursor(text: string): string[] {
  try {
    const values = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown;
    if (Array.isArray(values) && values.every(isCursorKey)) return values;
  } catch {
    // Not JSON: the same answer as any other text that is no cursor of ours.
  }
  throw pageInvalid('after', 'after is not a cursor');
}

function isCursorKey(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0');
}

/** What PostgreSQL could not read as the type must not reach it. */
function fits(value: string, cast: string | undefined): boolean {
  if (cast === 'uuid') return isUuid(value);
  if (cast === 'bigint') return /^\d{1,18}$/.test(value);
  if (cast !== 'timestamptz') return true;
  // As PostgreSQL writes it in UTC, and a day that exists: JavaScript would make the 2nd of March of the 30th of February.
  const [, day = '', time = ''] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d{1,6})?\+00$/.exec(value) ?? [];
  const date = new Date(`${day}T${time}Z`);
  return !Number.isNaN(date.getTime()) && !day.startsWith('0000') && date.toISOString().startsWith(`${day}T${time}`);
}
