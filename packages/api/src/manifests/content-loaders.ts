import type { Digest } from '@escale/schema/values';
import {
  countTagsOfManifests,
  findManifests,
  findSignedManifests,
  freedByEachTag,
  listReferrersOfEach,
  readManifestContents,
  type ManifestContent,
  type ManifestDetails,
} from '@escale/domain/content';
import type { Page } from '@escale/domain/page';
import { batched } from '../graphql/batched.ts';
import type { ApiContext } from '../graphql/context.ts';

/** What fields of tags and manifests look up, one statement for all that a list asks for at once. */
export interface ContentLoaders {
  /** By digest. */
  readonly manifest: (digest: string) => Promise<ManifestDetails | undefined>;
  /** By digest. */
  readonly content: (digest: string) => Promise<ManifestContent | undefined>;
  /** How many tags name a manifest, by its id. */
  readonly tagCount: (manifestId: string) => Promise<number | undefined>;
  /** The first page of what points at a manifest. */
  readonly referrers: (digest: Digest, first: number | undefined) => Promise<Page<ManifestDetails> | undefined>;
  /** Whether a signature points at a manifest; undefined when none does. */
  readonly isSigned: (digest: string) => Promise<boolean | undefined>;
  /** By the id of a tag's open lifetime. */
  readonly freedBytes: (tagId: string) => Promise<number | undefined>;
}

/** The loaders of one repository, for one request. */
export function contentLoaders(ctx: ApiContext, repository: string): ContentLoaders {
  const known = ctx.contentLoaders.get(repository);
  if (known) return known;
  /** A loader for each size of page; a document asks for one. */
  const referrers = new Map<number | undefined, (digest: string) => Promise<Page<ManifestDetails> | undefined>>();
  const referrersOf = (first: number | undefined) => {
    const made =
      referrers.get(first) ?? batched((digests) => listReferrersOfEach(ctx, repository, digests as Digest[], first));
    referrers.set(first, made);
    return made;
  };
  const loaders: ContentLoaders = {
    referrers: (digest, first) => referrersOf(first)(digest),
    manifest: batched((digests) => findManifests(ctx, repository, digests)),
    content: batched((digests) => readManifestContents(ctx, repository, digests)),
    tagCount: batched((ids) => countTagsOfManifests(ctx, repository, ids)),
    isSigned: batched((digests) => findSignedManifests(ctx, repository, digests as Digest[])),
    freedBytes: batched((ids) => freedByEachTag(ctx, repository, ids)),
  };
  ctx.contentLoaders.set(repository, loaders);
  return loaders;
}
