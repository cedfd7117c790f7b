import { v7 } from 'uuid';
import { executePrepared, type EntityManager } from '@escale/schema/orm';
import type { UsageRow } from './record.ts';

/** A column each, as one array of all entries: few and many cost one statement. */
const insertEntries = `
  insert into usage_log_entries (id, kind, at, namespace, namespace_id, repository, performer_kind, performer, authenticated_by, tag, digest,
                                 client_address, user_agent, details)
  select * from unnest(?::uuid[], ?::text[], ?::timestamptz[], ?::text[], ?::uuid[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[],
                       ?::text[], ?::text[], ?::text[], ?::jsonb[])`;

/** Writes entries at once, past the entities: for what happens all the time. @returns their ids */
export async function writeUsage(em: EntityManager, rows: readonly UsageRow[]): Promise<string[]> {
  const ids = rows.map(() => v7());
  await executePrepared(em, insertEntries, [
    ids,
    rows.map(({ kind }) => kind),
    rows.map(({ at }) => at),
    rows.map(({ namespace }) => namespace),
    rows.map(({ namespaceId }) => namespaceId),
    rows.map(({ repository }) => repository),
    rows.map(({ performerKind }) => performerKind),
    rows.map(({ performer }) => performer),
    rows.map(({ authenticatedBy }) => authenticatedBy),
    rows.map(({ tag }) => tag),
    rows.map(({ digest }) => digest),
    rows.map(({ clientAddress }) => clientAddress),
    rows.map(({ userAgent }) => userAgent),
    rows.map(({ details }) => details && JSON.stringify(details)),
  ]);
  return ids;
}
