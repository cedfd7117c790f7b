import { defineEntity, p } from '@mikro-orm/core';
import type { Digest } from '../values/digest.ts';
import { bytewise } from './base.ts';
import { GarbageRun } from './garbage-run.ts';

/** One thing that a run found to be garbage, and what became of it. The thing is named by value: it outlives its row. */
const GarbageItemSchema = defineEntity({
  name: 'GarbageItem',
  tableName: 'garbage_items',
  indexes: [{ properties: ['run', 'kind', 'outcome', 'position'] }],
  uniques: [{ properties: ['run', 'target'] }],
  properties: {
    /** Order of planning, which is a safe order of deletion: what lists comes before what is listed. */
    position: p.bigint('number').primary().autoincrement(),
    run: () => p.manyToOne(GarbageRun).deleteRule('cascade'),
    kind: p.enum(['manifest', 'link', 'blob', 'object'] as const),
    /** Id of the manifest or blob, `repository blob` of a link, key of an object in the store. */
    target: p.text(),
    /** Absent for blobs and objects, which belong to no repository. */
    repository: bytewise().nullable(),
    digest: bytewise().$type<Digest>(),
    /** Bytes that its deletion frees. */
    size: p.bigint('number'),
    reason: p.text(),
    lastReferencedAt: p.datetime().nullable(),
    /** `kept`: something came to need it between the look and the deed. */
    outcome: p.enum(['planned', 'deleted', 'kept'] as const).default('planned'),
  },
});

export class GarbageItem extends GarbageItemSchema.class {}
GarbageItemSchema.setClass(GarbageItem);
