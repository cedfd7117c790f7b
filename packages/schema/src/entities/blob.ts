import { defineEntity, p } from '@mikro-orm/core';
import type { Digest } from '../values/digest.ts';
import { bytewise, createdAt, id } from './base.ts';

/**
 * Bytes addressed by digest, stored once, linked to repositories. At most one row of a digest is not on its way out.
 * `quarantined`: the store has lost or damaged the bytes; the next push of the digest heals the row.
 */
const BlobSchema = defineEntity({
  name: 'Blob',
  tableName: 'blobs',
  uniques: [
    {
      name: 'blobs_present_digest',
      expression: `create unique index "blobs_present_digest" on "blobs" ("digest") where "state" <> 'deleting'`,
    },
  ],
  indexes: [
    {
      name: 'blobs_deleting',
      expression: `create index "blobs_deleting" on "blobs" ("id") where "state" = 'deleting'`,
    },
    { properties: ['unreferencedSince'] },
    { properties: ['checkedAt'] },
  ],
  properties: {
    id: id(),
    digest: bytewise().$type<Digest>(),
    size: p.bigint('number'),
    /** Where the bytes lie in the blob store: digest and generation. */
    storageKey: p.text().unique(),
    state: p.enum(['live', 'deleting', 'quarantined'] as const).default('live'),
    /** Until then a client may rely on having been told that the blob is here (promise P2). */
    leaseUntil: p.datetime(),
    /** When the collector first saw that no manifest lists it; absent while one does, and until the collector has looked. */
    unreferencedSince: p.datetime().nullable(),
    /** When its stored bytes were last hashed and compared. */
    checkedAt: p.datetime().nullable(),
    createdAt: createdAt(),
  },
});

export class Blob extends BlobSchema.class {}
BlobSchema.setClass(Blob);
