import { defineEntity, p } from '@mikro-orm/core';
import type { Digest } from '../values/digest.ts';
import { bytewise } from './base.ts';
import { Manifest } from './manifest.ts';

/** An index lists a manifest by digest; in a sparse index the child may be absent. */
const ManifestChildSchema = defineEntity({
  name: 'ManifestChild',
  tableName: 'manifest_children',
  properties: {
    parent: () => p.manyToOne(Manifest).primary().deleteRule('cascade'),
    position: p.integer().primary(),
    digest: bytewise().$type<Digest>().index(),
    /** `linux/arm64/v8`, where the index says it. */
    platform: p.text().nullable(),
    /** Whether the child has been in the repository since the index was pushed; it then stays for as long as the index does. */
    arrived: p.boolean().default(false),
  },
});

export class ManifestChild extends ManifestChildSchema.class {}
ManifestChildSchema.setClass(ManifestChild);
