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
    createdAt: createdAt(),
  },
});

export class Namespace extends NamespaceSchema.class {}
NamespaceSchema.setClass(Namespace);
