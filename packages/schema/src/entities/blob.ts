import { defineEntity, p } from '@mikro-orm/core';
import type { Digest } from '../values/digest.ts';
import { bytewise, createdAt, id } from './base.ts';

/** Bytes addressed by digest, stored once, linked to repositories. At most one row of a digest is live. */
const BlobSchema = defineEntity({
  name: 'Blob',
  tableName: 'blobs',
  uniques: [
    {
      name: 'blobs_live_digest',
      expression: `create unique index "blobs_live_digest" on "blobs" ("digest") where "state" = 'live'`,
    },
  ],
  properties: {
    id: id(),
    digest: bytewise().$type<Digest>(),
    size: p.bigint('number'),
    /** Where the bytes lie in the blob store: digest and generation. */
    storageKey: p.text().unique(),
    state: p.enum(['live', 'deleting'] as const).default('live'),
    /** Until then a client may rely on having been told that the blob is here (promise P2). */
    leaseUntil: p.datetime(),
    createdAt: createdAt(),
  },
});

export class Blob extends BlobSchema.class {}
BlobSchema.setClass(Blob);
