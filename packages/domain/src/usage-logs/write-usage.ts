import { v7 } from 'uuid';
import { executePrepared, type EntityManager } from '@escale/schema/orm';
import type { UsageRow } from './record.ts';

/** A column each, as one array of all entries: few and many cost one statement. */
const insertEntries = `
  insert into usage_log_entries (id, kind, at, namespace, namespace_id, repository, repository_id, performer_kind, performer, authenticated_by,
                                 tag, digest, client_address, user_agent, details)
  select * from unnest(?::uuid[], ?::text[], ?::timestamptz[], ?::text[], ?::uuid[], ?::text[], ?::uuid[], ?::text[], ?::text[], ?::text[],
                       ?::text[], ?::text[], ?::text[], ?::text[], ?::jsonb[])`;

/** Last, when a push is written: pushes to one repository take turns from here on. */
const notePush = `with pushed as (update repositories set last_pushed_at = ? where id = ?)`;

/** Writes entries at once, past the entities: for what happens all the time. @returns their ids */
export async function writeUsage(em: EntityManager, rows: readonly UsageRow[]): Promise<string[]> {
  const ids = rows.map(() => v7());
  await executePrepared(em, insertEntries, columnsOf(ids, rows));
  return ids;
}

/** The same for a push, with the time of it in its repository. */
export async function writePush(
  em: EntityManager,
  { repositoryId, at }: { repositoryId: string; at: Date },
  rows: readonly UsageRow[],
): Promise<void> {
  const ids = rows.map(() => v7());
  await executePrepared(em, notePush + insertEntries, [at, repositoryId, ...columnsOf(ids, rows)]);
}

function columnsOf(ids: readonly string[], rows: readonly UsageRow[]): unknown[] {
  return [
    ids,
    rows.map(({ kind }) => kind),
    rows.map(({ at }) => at),
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
    rows.map(({ details }) => details && JSON.stringify(details)),
  ];
}
