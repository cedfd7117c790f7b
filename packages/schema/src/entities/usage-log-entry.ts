import { defineEntity, p } from '@mikro-orm/core';
import { bytewise, id } from './base.ts';

/**
 * Who did what to which thing when. Names are copied, so that an entry outlives what it speaks of; whose it is is said by the
 * ids of the namespace and the repository, because a name may be given to another one.
 */
const UsageLogEntrySchema = defineEntity({
  name: 'UsageLogEntry',
  tableName: 'usage_log_entries',
  // Lists are by time; entries that are written together later than they happened (pulls) have ids of another order.
  indexes: [
    { properties: ['namespaceId', 'at', 'id'] },
    { properties: ['repositoryId', 'at', 'id'] },
    { properties: ['at', 'id'] },
  ],
  // Both have a condition of their own, written as PostgreSQL shows it: a call for nothing costs more than all indexes of a
  // pull's entry together.
  triggers: [
    {
      // Names are unique at any moment, so who has the name when the entry is written is whose entry it is. What happens all the
      // time brings the ids along.
      name: 'usage_log_entries_own',
      timing: 'before',
      events: ['insert'],
      forEach: 'row',
      when: '((new.namespace_id IS NULL) OR ((new.repository IS NOT NULL) AND (new.repository_id IS NULL)))',
      body: `if new.namespace_id is null then new.namespace_id := (select n.id from namespaces n where n.name = new.namespace); end if; if new.repository_id is null then new.repository_id := (select r.id from repositories r where r.name = new.repository and r.deleted_at is null); end if; return new`,
    },
    {
      // Live logs: an entry is announced with the transaction that writes it, whatever wrote it. Pulls are not: there may be
      // thousands in a second, and who writes them announces the latest.
      name: 'usage_log_entries_announce',
      timing: 'after',
      events: ['insert'],
      forEach: 'row',
      when: `(new.kind <> 'repository.pulled'::text)`,
      body: `perform pg_notify('escale_usage', new.id::text); return null`,
    },
  ],
  properties: {
    id: id(),
    /** `repository.pushed`, `robot.created`, … */
    kind: p.text(),
    at: p.datetime(),
    namespace: bytewise().nullable(),
    /** Of the namespace that had this name then; the row may be gone. Found by the name where it is not given. */
    namespaceId: p.uuid().nullable(),
    repository: bytewise().nullable(),
    /** Of the repository that had this name then; the row may be gone. */
    repositoryId: p.uuid().nullable(),
    /** `user`, `robot`, `anonymous` or `system`. */
    performerKind: p.text(),
    performer: p.text().nullable(),
    /** Which credential: `application token "laptop"`, `session`, … */
    authenticatedBy: p.text().nullable(),
    tag: p.text().nullable(),
    digest: p.text().nullable(),
    clientAddress: p.text().nullable(),
    userAgent: p.text().nullable(),
    details: p.json<Record<string, unknown>>().nullable(),
  },
});

export class UsageLogEntry extends UsageLogEntrySchema.class {}
UsageLogEntrySchema.setClass(UsageLogEntry);
