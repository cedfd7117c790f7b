import { defineEntity, p, type Opt } from '@mikro-orm/core';
import type { RepositoryName } from '../values/repository-name.ts';
import { bytewise, createdAt, id } from './base.ts';
import { Namespace } from './namespace.ts';

/** The named content `namespace/path`. */
const RepositorySchema = defineEntity({
  name: 'Repository',
  tableName: 'repositories',
  properties: {
    id: id(),
    namespace: () => p.manyToOne(Namespace).eager().index(),
    /** The whole name, namespace included: what clients send and what lists are ordered by. */
    name: bytewise().$type<RepositoryName>().unique(),
    visibility: p.enum(['private', 'public'] as const).default('private'),
    description: p.text().nullable(),
    /** Who made it, as `user:<id>` or `robot:<id>`: the one to whom a token issued before it existed may refer. */
    createdBy: p.text(),
    lastPushedAt: p.datetime().nullable(),
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
