import { defineEntity, p } from '@mikro-orm/core';
import { Blob } from './blob.ts';
import { createdAt } from './base.ts';
import { Repository } from './repository.ts';

/** A blob is visible only through the repositories that it is linked to (T8, T9). */
const RepositoryBlobSchema = defineEntity({
  name: 'RepositoryBlob',
  tableName: 'repository_blobs',
  properties: {
    repository: () => p.manyToOne(Repository).primary().deleteRule('cascade'),
    blob: () => p.manyToOne(Blob).primary().index(),
    createdAt: createdAt(),
  },
});

export class RepositoryBlob extends RepositoryBlobSchema.class {}
RepositoryBlobSchema.setClass(RepositoryBlob);
