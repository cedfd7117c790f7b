import { randomBytes } from 'node:crypto';
import { v7 } from 'uuid';
import { executePrepared, type EntityManager } from '@escale/schema/orm';
import type { LikePulls } from './pull-crowd.ts';
import type { UsageRow } from './record.ts';

/** A column each, as one array of all entries: few and many cost one statement. @param gate what they hang on */
const insertEntries = (gate = ''): string => `
  insert into usage_log_entries (id, at, kind, namespace, namespace_id, repository, repository_id, performer_kind, performer, authenticated_by,
                                 tag, digest, client_address, user_agent, details)
  select entry.* from ${gate} unnest(?::uuid[], ?::timestamptz[], ?::text[], ?::text[], ?::uuid[], ?::text[], ?::uuid[], ?::text[], ?::text[],
                       ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::jsonb[]) entry`;
const insertPlain = insertEntries();

/** What is alike comes once, and each entry brings its id and time alone. */
const insertPulls = `
  insert into usage_log_entries (id, at, kind, namespace, namespace_id, repository, repository_id, performer_kind, performer, authenticated_by,
                                 tag, digest, client_address, user_agent)
  select pull.id, to_timestamp(pull.at / 1000), alike.kind, alike.namespace, alike.namespace_id, alike.repository, alike.repository_id,
         alike.performer_kind, alike.performer, alike.authenticated_by, alike.tag, alike.digest, alike.client_address, alike.user_agent
    from unnest((select string_to_array(?, ',')::uuid[]), (select string_to_array(?, ',')::float8[]), (select string_to_array(?, ',')::int[]))
         pull (id, at, place)
    join unnest((select ?::text[]), (select ?::text[]), (select ?::uuid[]), (select ?::text[]), (select ?::uuid[]), (select ?::text[]),
                (select ?::text[]), (select ?::text[]), (select ?::text[]), (select ?::text[]), (select ?::text[]), (select ?::text[]))
         with ordinality alike (kind, namespace, namespace_id, repository, repository_id, performer_kind, performer, authenticated_by,
                                tag, digest, client_address, user_agent, place) using (place)`;

/**
 * SQL of the last parts of a statement that writes a push, with `pushValues`: pushes to one repository take turns from here on.
 * @param gate a part of the statement that is empty when nothing was pushed
 */
export const pushNoted = (gate: string): { readonly pushed: string; readonly logged: string } => ({
  pushed: `update repositories set last_pushed_at = ?, provisional = false where id = ? and exists (select from ${gate})`,
  logged: insertEntries(`${gate},`),
});
const insertPush = `with pushed as (update repositories set last_pushed_at = ?, provisional = false where id = ?) ${insertPlain}`;

/** Writes entries at once, past the entities: for what happens all the time. @returns their ids */
export async function writeUsage(em: EntityManager, rows: readonly UsageRow[]): Promise<string[]> {
  const ids = rows.map(() => v7());
  await executePrepared(em, insertPlain, columnsOf(ids, rows));
  return ids;
}

/** The same for pulls, of which there may be thousands in a second. @returns their ids */
export async function writePulls(em: EntityManager, pulls: readonly LikePulls[]): Promise<string[]> {
  const times = pulls.flatMap((alike) => alike.times);
  const places = pulls.flatMap((alike, index) => alike.times.map(() => index + 1));
  const ids = orderedIds(times.length);
  const alike = pulls.map(({ row }) => row);
  // Long lists of what needs no quotes are made and read faster as one text.
  await executePrepared(em, insertPulls, [ids.join(','), times.join(','), places.join(','), ...factsOf(alike)]);
  return ids;
}

/** Ids that are made together, in their order. */
function orderedIds(count: number): string[] {
  const random = randomBytes(16 * count);
  const msecs = Date.now();
  return Array.from({ length: count }, (_, seq) =>
    v7({ random: random.subarray(16 * seq, 16 * seq + 16), msecs, seq }),
  );
}

/** A push to note in its repository and in the usage log. */
export interface Push {
  readonly repositoryId: string;
  readonly at: Date;
  readonly entries: readonly UsageRow[];
}

/** The same for a push, with the time of it in its repository. */
export async function writePush(em: EntityManager, push: Push): Promise<void> {
  await executePrepared(em, insertPush, pushValues(push));
}

export function pushValues({ repositoryId, at, entries }: Push): unknown[] {
  const ids = entries.map(() => v7());
  return [at, repositoryId, ...columnsOf(ids, entries)];
}

function columnsOf(ids: readonly string[], rows: readonly UsageRow[]): unknown[] {
  return [
    ids,
    rows.map(({ at }) => at),
    ...factsOf(rows),
    rows.map(({ details }) => details && JSON.stringify(details)),
  ];
}

function factsOf(rows: readonly UsageRow[]): unknown[] {
  return [
    rows.map(({ kind }) => kind),
    rows.map(({ namespace }) => namespace),
    rows.map(({ namespaceId }) => namespaceId),
    rows.map(({ repository }) => repository),
    rows.map(({ repositoryId }) => repositoryId),
    rows.map(({ performerKind }) => performerKind),
    rows.map(({ performer }) => performer),
    rows.map(({ authenticatedBy }) => authenticatedBy),
    rows.map(({ tag }) => tag),
    rows.map(({ digest }) => digest),
    rows.map(({ clientAddress }) => clientAddress),
    rows.map(({ userAgent }) => userAgent),
  ];
}
