import { defineEntity, p } from '@mikro-orm/core';
import type { TagName } from '../values/tag-name.ts';
import { bytewise, id } from './base.ts';
import { Manifest } from './manifest.ts';
import { Repository } from './repository.ts';

/**
 * One lifetime of a tag: from when it named a manifest until it named another or none. Rows are only added and ended, so
 * the history of a tag is its rows; the open one is what clients see.
 */
const TagSchema = defineEntity({
  name: 'Tag',
  tableName: 'tags',
  indexes: [
    { properties: ['repository', 'name', 'startedAt'] },
    {
      name: 'tags_open_by_start',
      expression:
        'create index "tags_open_by_start" on "tags" ("repository_id", "started_at", "id") where "ended_at" is null',
    },
    {
      name: 'tags_open_by_expiry',
      expression:
        'create index "tags_open_by_expiry" on "tags" ("expires_at") where "ended_at" is null and "expires_at" is not null',
    },
  ],
  uniques: [
    {
      name: 'tags_open_lifetime',
      expression:
        'create unique index "tags_open_lifetime" on "tags" ("repository_id", "name") where "ended_at" is null',
    },
  ],
  properties: {
    id: id(),
    repository: () => p.manyToOne(Repository).deleteRule('cascade'),
    name: bytewise().$type<TagName>(),
    manifest: () => p.manyToOne(Manifest).index().deleteRule('cascade'),
    /** Login of who moved it there. */
    pushedBy: p.text(),
    startedAt: p.datetime(),
    endedAt: p.datetime().nullable(),
    expiresAt: p.datetime().nullable(),
    /** Nobody may end this lifetime, nor give it an expiry. */
    immutable: p.boolean().default(false),
    /** When the tag was last pulled by its name; a moved tag takes it along. */
    lastPulledAt: p.datetime().nullable(),
  },
});

export class Tag extends TagSchema.class {}
TagSchema.setClass(Tag);
