import { defineEntity, p } from '@mikro-orm/core';
import { bytewise, createdAt, id } from './base.ts';

/** The first part of a repository name. One table for users and organizations, so that a name is free or taken for both. */
const NamespaceSchema = defineEntity({
  name: 'Namespace',
  tableName: 'namespaces',
  properties: {
    id: id(),
    name: bytewise().unique(),
    kind: p.enum(['user', 'organization'] as const),
    /** Set while a deleted organization can still be restored: nobody sees it, and its name stays taken. */
    deletedAt: p.datetime().nullable(),
    /** When a job may remove what was deleted. */
    purgeAt: p.datetime().nullable().index(),
    createdAt: createdAt(),
  },
});

export class Namespace extends NamespaceSchema.class {}
NamespaceSchema.setClass(Namespace);
