import { keptByTags } from '../content/kept-manifests.ts';

/**
 * The condition under which nothing of its own keeps a manifest: no tag, no hold, no repository that can be restored. It
 * may still be kept by another manifest.
 * @param manifest alias of `manifests` in the statement
 */
export const keptByNothingOfItsOwn = (manifest: string): string => `(
  not ${keptByTags(manifest)}
  and (${manifest}.hold_until is null or ${manifest}.hold_until <= now() or ${manifest}.deleted_at is not null)
  and not exists (select 1 from repositories home join namespaces owner on owner.id = home.namespace_id
    where home.id = ${manifest}.repository_id and (home.deleted_at is not null or owner.deleted_at is not null)))`;

/**
 * The condition under which a manifest is garbage: nothing of its own keeps it, no index lists it and it refers to no
 * manifest that is here. Only what lies on top is garbage by this; when it is gone, what it listed may be, and so on. So no
 * index is ever walked, however deep or interwoven (T34), and the look under the lock at the end is the whole rule.
 * @param but further condition on the other manifest, by its alias: that it is not on its way out itself
 */
export const garbageManifest = (manifest: string, but: (other: string) => string = () => 'true'): string => `(
  ${keptByNothingOfItsOwn(manifest)}
  and not exists (select 1 from manifest_children listing join manifests idx on idx.id = listing.parent_id
    where listing.digest = ${manifest}.digest and idx.repository_id = ${manifest}.repository_id and ${but('idx')})
  and not exists (select 1 from manifests subject
    where subject.repository_id = ${manifest}.repository_id and subject.digest = ${manifest}.subject_digest and ${but('subject')}))`;
