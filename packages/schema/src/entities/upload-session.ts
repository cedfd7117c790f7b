import { defineEntity, p } from '@mikro-orm/core';
import { createdAt, id } from './base.ts';
import { Namespace } from './namespace.ts';
import { Repository } from './repository.ts';

/** A run of staged bytes, as the blob store knows it. */
export interface UploadPart {
  readonly offset: number;
  readonly length: number;
}

/**
 * An unfinished blob push. Everything that the next request needs is here, so any process can take it.
 * `writer` is the claim of the one request that may write; it ends at the latest with that request's process.
 */
const UploadSessionSchema = defineEntity({
  name: 'UploadSession',
  tableName: 'upload_sessions',
  properties: {
    id: id(),
    repository: () => p.manyToOne(Repository).index().deleteRule('cascade'),
    /** The repository's: what is open and staged is limited for each namespace (T49). */
    namespace: () => p.manyToOne(Namespace).index().deleteRule('cascade'),
    /** `user:<id>` or `robot:<id>`: nobody else may go on with it (T6). */
    principal: p.text(),
    algorithm: p.enum(['sha256', 'sha512'] as const),
    /** Bytes acknowledged. */
    offset: p.bigint('number').default(0),
    /** Sealed state of the hash over those bytes; absent at offset 0. */
    hashState: p.blob().nullable(),
    parts: p.json<UploadPart[]>(),
    /** The last bytes, too few for a part of their own; they follow the parts. */
    tail: p.blob().nullable(),
    writer: p.uuid().nullable(),
    /** Names the writer's process: a lock of this number is held in the database while it lives. */
    writerProcess: p.integer().nullable(),
    /** Bytes that the writer announced or has received since its claim, not yet acknowledged. */
    arriving: p.bigint('number').default(0),
    expiresAt: p.datetime().index(),
    createdAt: createdAt(),
  },
});

export class UploadSession extends UploadSessionSchema.class {}
UploadSessionSchema.setClass(UploadSession);
