import { defineEntity, p } from '@mikro-orm/core';
import { createdAt, id } from './base.ts';
import { User } from './user.ts';

/** Usage logs written into one file by a background job, for its requester to fetch for some hours. */
const LogExportSchema = defineEntity({
  name: 'LogExport',
  tableName: 'log_exports',
  properties: {
    id: id(),
    requestedBy: () => p.manyToOne(User).eager().index().deleteRule('cascade'),
    /** Whose logs; null for the whole registry's. */
    namespace: p.text().nullable(),
    /** Of the namespace that had this name when the file was asked for. */
    namespaceId: p.uuid().nullable(),
    repository: p.text().nullable(),
    /** Of the repository that had this name when the file was asked for. */
    repositoryId: p.uuid().nullable(),
    format: p.enum(['jsonl', 'csv'] as const),
    from: p.datetime().nullable(),
    to: p.datetime(),
    kinds: p.array().columnType('text[]').nullable(),
    performer: p.text().nullable(),
    state: p.enum(['waiting', 'running', 'ready', 'failed'] as const).default('waiting'),
    /** Written so far. */
    entries: p.integer().default(0),
    /** A run that has not said anything until then is dead, and another takes over. */
    claimedUntil: p.datetime().nullable(),
    expiresAt: p.datetime().index(),
    createdAt: createdAt(),
  },
});

export class LogExport extends LogExportSchema.class {}
LogExportSchema.setClass(LogExport);
