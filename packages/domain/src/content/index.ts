export * from './delete-manifest.ts';
export { deleteTag, deleteTags } from './delete-tag.ts';
export * from './attached-signatures.ts';
export * from './end-expired-tags.ts';
export * from './find-blob.ts';
export type { TagOutcome } from './for-each-tag.ts';
export * from './hot-reads.ts';
export * from './find-mount-source.ts';
export { alive, keptByTags } from './kept-manifests.ts';
export * from './link-blob.ts';
export * from './list-referrers.ts';
export {
  countTagsOfManifests,
  findTagDetails,
  findTagsDetails,
  listTagDetails,
  listTagNames,
  listTags,
  listTagsOfManifest,
  type TagDetails,
} from './list-tags.ts';
export {
  findManifests,
  kindNeedsContent,
  kindOfManifest,
  labelProblemsIn,
  readManifestContents,
  type ManifestContent,
  type ManifestDetails,
} from './manifest-details.ts';
export { labelProblemsOf, manifestConfigLimit } from './manifest-facts.ts';
export * from './manifest-referrers.ts';
export * from './missing-tag.ts';
export type { TagCondition } from './move-tag.ts';
export * from './promise-manifest.ts';
export * from './push-manifest.ts';
export * from './require-no-immutable-tags.ts';
export * from './restore-tag.ts';
export * from './set-tag.ts';
export * from './set-tag-expiry.ts';
export * from './set-tag-immutability.ts';
export * from './stored-bytes.ts';
export * from './tag-history.ts';
export * from './trim-tag-history.ts';
export * from './unlink-blob.ts';
export * from './untagged-manifests.ts';
