import { defineEntity, p } from '@mikro-orm/core';
import { Blob } from './blob.ts';
import { Manifest } from './manifest.ts';

/** A manifest lists a blob: what keeps the blob. */
const ManifestBlobSchema = defineEntity({
  name: 'ManifestBlob',
  tableName: 'manifest_blobs',
  properties: {
    manifest: () => p.manyToOne(Manifest).primary().deleteRule('cascade'),
    blob: () => p.manyToOne(Blob).primary().index(),
  },
});

export class ManifestBlob extends ManifestBlobSchema.class {}
ManifestBlobSchema.setClass(ManifestBlob);
