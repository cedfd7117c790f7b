import { defineEntity, p } from '@mikro-orm/core';
import { id } from './base.ts';

/** How many things of each kind kept content alive when the run looked. */
export interface GarbageRoots {
  /** Open lifetimes of tags. */
  readonly tags: number;
  /** Ended or expired lifetimes that can still be restored. */
  readonly restorable: number;
  /** Manifests pushed by digest alone within the last day. */
  readonly holds: number;
  /** Blobs that a client was promised within the last hours. */
  readonly leases: number;
}

/** One run of the garbage collector, or a dry one: the head of its report. */
const GarbageRunSchema = defineEntity({
  name: 'GarbageRun',
  tableName: 'garbage_runs',
  properties: {
    id: id(),
    dryRun: p.boolean(),
    graceSeconds: p.integer(),
    roots: p.json<GarbageRoots>(),
    startedAt: p.datetime().index(),
    /** Absent while it runs, and for good when its process died. */
    finishedAt: p.datetime().nullable(),
  },
});

export class GarbageRun extends GarbageRunSchema.class {}
GarbageRunSchema.setClass(GarbageRun);
