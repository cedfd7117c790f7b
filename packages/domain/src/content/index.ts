export * from './delete-manifest.ts';
export * from './find-blob.ts';
export * from './link-blob.ts';
export * from './list-referrers.ts';
export * from './list-tags.ts';
export * from './push-manifest.ts';
export * from './read-manifest.ts';
