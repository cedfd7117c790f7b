import { defineEntity, p } from '@mikro-orm/core';
import type { Digest } from '../values/digest.ts';
import { bytewise, createdAt, id } from './base.ts';
import { Repository } from './repository.ts';

/** A manifest in a repository, kept byte for byte in its row: reading one needs the database alone. */
const ManifestSchema = defineEntity({
  name: 'Manifest',
  tableName: 'manifests',
  uniques: [{ properties: ['repository', 'digest'] }],
  indexes: [{ properties: ['repository', 'subjectDigest'] }],
  properties: {
    id: id(),
    repository: () => p.manyToOne(Repository).deleteRule('cascade'),
    digest: bytewise().$type<Digest>(),
    mediaType: p.text(),
    /** As a referrer shows it: the manifest's own, else its config's media type. */
    artifactType: p.text().nullable(),
    payload: p.blob(),
    /** Bytes of the payload. */
    size: p.integer(),
    subjectDigest: bytewise().$type<Digest>().nullable(),
    annotations: p.json<Record<string, string>>(),
    /** Bytes of the manifest and of each distinct blob below it, the children of an index included as far as they are here. */
    totalSize: p.bigint('number').default(0),
    /** `linux/arm64/v8`, where the config of an image says it. */
    platform: p.text().nullable(),
    /** The image config as it was pushed: what it says of the image is read without the blob store. */
    config: p.blob().nullable().lazy(),
    /** Seconds after which a tag on it expires, where a label asks for it. */
    expiresAfter: p.integer().nullable(),
    /** Whether a label asks that tags on it are immutable. */
    tagsImmutable: p.boolean().default(false),
    /** Deleted by digest: clients do not see it any more, its tags can be restored within the time machine's window. */
    deletedAt: p.datetime().nullable(),
    /** Until then it stays although nothing names it: pushed by digest alone, or listed by an index just pushed (D3). */
    holdUntil: p.datetime().nullable(),
    createdAt: createdAt(),
  },
});

export class Manifest extends ManifestSchema.class {}
ManifestSchema.setClass(Manifest);
