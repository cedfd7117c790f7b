import { defineEntity, p } from '@mikro-orm/core';
import { bytewise, createdAt, id } from './base.ts';
import { notesRightsChange } from './rights-change.ts';

/** The first part of a repository name. One table for users and organizations, so that a name is free or taken for both. */
const NamespaceSchema = defineEntity({
  name: 'Namespace',
  tableName: 'namespaces',
  triggers: notesRightsChange('namespaces', ['id', 'name', 'deleted_at']),
  properties: {
    id: id(),
    name: bytewise().unique(),
    kind: p.enum(['user', 'organization'] as const),
    /** Set while a deleted organization can still be restored: nobody sees it, and its name stays taken. */
    deletedAt: p.datetime().nullable(),
    /** When a job may remove what was deleted. */
    purgeAt: p.datetime().nullable().index(),
    /** For how long an ended lifetime of a tag can be restored; 0: not at all. */
    timeMachineSeconds: p.integer().default(1_209_600),
    createdAt: createdAt(),
  },
});

export class Namespace extends NamespaceSchema.class {}
NamespaceSchema.setClass(Namespace);
