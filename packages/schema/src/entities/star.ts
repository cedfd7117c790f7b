import { defineEntity, p } from '@mikro-orm/core';
import { createdAt } from './base.ts';
import { Repository } from './repository.ts';
import { User } from './user.ts';

/** A user keeps a repository at hand. */
const StarSchema = defineEntity({
  name: 'Star',
  tableName: 'stars',
  properties: {
    user: () => p.manyToOne(User).primary().deleteRule('cascade'),
    repository: () => p.manyToOne(Repository).primary().index().deleteRule('cascade'),
    createdAt: createdAt(),
  },
});

export class Star extends StarSchema.class {}
StarSchema.setClass(Star);
