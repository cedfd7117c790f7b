import { defineEntity, p } from '@mikro-orm/core';
import { createdAt, id } from './base.ts';
import { Repository } from './repository.ts';

/** A run of staged bytes, as the blob store knows it. */
export interface UploadPart {
  readonly offset: number;
  readonly length: number;
}

/**
 * An unfinished blob push. Everything that the next request needs is here, so any process can take it.
 * `writer` is the claim of the one request that may write; it lapses when that request's process dies.
 */
const UploadSessionSchema = defineEntity({
  name: 'UploadSession',
  tableName: 'upload_sessions',
  properties: {
    id: id(),
    repository: () => p.manyToOne(Repository).index().deleteRule('cascade'),
    /** `user:<id>` or `robot:<id>`: nobody else may go on with it (T6). */
    principal: p.text(),
    algorithm: p.enum(['sha256', 'sha512'] as const),
    /** Bytes acknowledged. */
    offset: p.bigint('number').default(0),
    /** State of the hash over those bytes; absent at offset 0. */
    hashState: p.blob().nullable(),
    parts: p.json<UploadPart[]>(),
    writer: p.uuid().nullable(),
    writerUntil: p.datetime().nullable(),
    expiresAt: p.datetime().index(),
    createdAt: createdAt(),
  },
});

export class UploadSession extends UploadSessionSchema.class {}
UploadSessionSchema.setClass(UploadSession);
