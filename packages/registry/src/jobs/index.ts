export { purgeUploads } from './purge-uploads.ts';
export { CollectionFrozen, collectGarbage, defaultGraceSeconds, type CollectionSettings } from './collect-garbage.ts';
export { endFreeze, readFreeze } from './freeze.ts';
export { jobNames } from './jobs.ts';
export { scrubBlobs, type DamagedBlob } from './scrub-blobs.ts';
export type { StorageParts } from './storage-parts.ts';
