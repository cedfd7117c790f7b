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
    createdAt: createdAt(),
  },
});

export class Manifest extends ManifestSchema.class {}
ManifestSchema.setClass(Manifest);
