import { defineEntity, p, type Opt } from '@mikro-orm/core';
import { createdAt, id } from './base.ts';
import { Namespace } from './namespace.ts';
import { notesRightsChange } from './rights-change.ts';

/** A namespace that people share. */
const OrganizationSchema = defineEntity({
  name: 'Organization',
  tableName: 'organizations',
  triggers: notesRightsChange('organizations', ['id', 'namespace_id']),
  properties: {
    id: id(),
    namespace: () => p.oneToOne(Namespace).owner().eager(),
    contactEmail: p.text().nullable(),
    description: p.text().nullable(),
    /** Login of who deleted it, while it can be restored. */
    deletedBy: p.text().nullable(),
    /** Patterns of the identity provider's groups that its teams may follow, set by administrators of the registry. Null: none. */
    allowedGroups: p.json<string[]>().nullable(),
    /** Days that its usage logs are kept for; null for as long as the registry keeps them. */
    logRetentionDays: p.integer().nullable(),
    createdAt: createdAt(),
  },
});

export class Organization extends OrganizationSchema.class {
  get name(): Opt<string> {
    return this.namespace.name;
  }
}
OrganizationSchema.setClass(Organization);
