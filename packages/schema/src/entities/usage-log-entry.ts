import { defineEntity, p } from '@mikro-orm/core';
import { bytewise, id } from './base.ts';

/** Who did what to which thing when. Names are copied, so that an entry outlives what it speaks of. */
const UsageLogEntrySchema = defineEntity({
  name: 'UsageLogEntry',
  tableName: 'usage_log_entries',
  indexes: [{ properties: ['namespace', 'id'] }, { properties: ['repository', 'id'] }],
  properties: {
    id: id(),
    /** `repository.pushed`, `robot.created`, … */
    kind: p.text(),
    at: p.datetime(),
    namespace: bytewise().nullable(),
    repository: bytewise().nullable(),
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
