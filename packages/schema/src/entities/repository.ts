import { defineEntity, p, type Opt } from '@mikro-orm/core';
import type { RepositoryName } from '../values/repository-name.ts';
import { bytewise, createdAt, id } from './base.ts';
import { Namespace } from './namespace.ts';
import { notesRightsChange } from './rights-change.ts';

/** The named content `namespace/path`. */
const RepositorySchema = defineEntity({
  name: 'Repository',
  tableName: 'repositories',
  uniques: [
    {
      name: 'repositories_live_name',
      expression: 'create unique index "repositories_live_name" on "repositories" ("name") where "deleted_at" is null',
    },
  ],
  indexes: [
    { properties: ['namespace', 'name'] },
    {
      name: 'repositories_provisional',
      expression: 'create index "repositories_provisional" on "repositories" ("created_at") where "provisional"',
    },
    {
      name: 'repositories_latest',
      expression:
        'create index "repositories_latest" on "repositories" (coalesce("last_pushed_at", "created_at") desc, "id" desc)',
    },
    // For callers whom only public repositories are shown to: their names are compared without reading those of all others.
    {
      name: 'repositories_public',
      expression: `create index "repositories_public" on "repositories" ("name", "id", "namespace_id") where "visibility" = 'public' and "deleted_at" is null`,
    },
    {
      name: 'repositories_public_by_namespace',
      expression: `create index "repositories_public_by_namespace" on "repositories" ("namespace_id") where "visibility" = 'public' and "deleted_at" is null`,
    },
  ],
  triggers: notesRightsChange('repositories', [
    'id',
    'namespace_id',
    'name',
    'visibility',
    'created_by',
    'created_at',
    'deleted_at',
  ]),
  properties: {
    id: id(),
    namespace: () => p.manyToOne(Namespace).eager(),
    /** The whole name, namespace included: what clients send and what lists are ordered by. */
    name: bytewise().$type<RepositoryName>().index(),
    visibility: p.enum(['private', 'public'] as const).default('private'),
    description: p.text().nullable(),
    /** Who made it, as `user:<id>` or `robot:<id>`: the one to whom a token issued before it existed may refer. */
    createdBy: p.text(),
    /** Made by a push that has stored nothing yet, and configured by nobody: it goes with its last upload session. */
    provisional: p.boolean().default(false),
    lastPushedAt: p.datetime().nullable(),
    /** Set while a deleted repository can still be restored: nobody sees it, and its name is free for another. */
    deletedAt: p.datetime().nullable(),
    /** Login of who deleted it. */
    deletedBy: p.text().nullable(),
    /** When a job may remove what was deleted. */
    purgeAt: p.datetime().nullable().index(),
    createdAt: createdAt(),
  },
});

export class Repository extends RepositorySchema.class {
  /** The name without the namespace. */
  get path(): Opt<string> {
    return this.name.slice(this.name.indexOf('/') + 1);
  }
}
RepositorySchema.setClass(Repository);
