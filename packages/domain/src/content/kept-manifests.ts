/**
 * The condition under which lifetimes of tags keep a manifest: a tag names it, or named it and can still be restored. In SQL,
 * for statements that decide what is garbage and what may be restored. What such a manifest lists, and what refers to it, is
 * kept through it; that is for the collector to follow.
 * @param manifest alias of `manifests` in the statement
 */
export const keptByTags = (manifest: string): string => `exists (
  select 1 from tags kept join repositories kept_in on kept_in.id = kept.repository_id
      join namespaces kept_of on kept_of.id = kept_in.namespace_id
    where kept.manifest_id = ${manifest}.id and (${endOf('kept')} is null
      or ${endOf('kept')} > now() - ${windowOf('kept_of')}))`;

/** For how long ended lifetimes can be restored. @param namespace alias of `namespaces` */
export const windowOf = (namespace: string): string => `${namespace}.time_machine_seconds * interval '1 second'`;

/** When a lifetime ended, one that expired and was not yet ended included; null while the tag is alive. */
export const endOf = (tag: string): string =>
  `coalesce(${tag}.ended_at, case when ${tag}.expires_at <= now() then ${tag}.expires_at end)`;

/** The condition under which a lifetime is one that clients see. */
export const alive = (tag: string): string =>
  `${tag}.ended_at is null and (${tag}.expires_at is null or ${tag}.expires_at > now())`;
