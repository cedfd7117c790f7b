import {
  findManifests,
  freedByEachTag,
  readManifestContents,
  type ManifestContent,
  type ManifestDetails,
} from '@escale/domain/content';
import { batched } from '../graphql/batched.ts';
import type { ApiContext } from '../graphql/context.ts';

/** What fields of tags and manifests look up, one statement for all that a list asks for at once. */
export interface ContentLoaders {
  /** By digest. */
  readonly manifest: (digest: string) => Promise<ManifestDetails | undefined>;
  /** By digest. */
  readonly content: (digest: string) => Promise<ManifestContent | undefined>;
  /** By the id of a tag's open lifetime. */
  readonly freedBytes: (tagId: string) => Promise<number | undefined>;
}

/** The loaders of one repository, for one request. */
export function contentLoaders(ctx: ApiContext, repository: string): ContentLoaders {
  const known = ctx.contentLoaders.get(repository);
  if (known) return known;
  const loaders: ContentLoaders = {
    manifest: batched((digests) => findManifests(ctx, repository, digests)),
    content: batched((digests) => readManifestContents(ctx, repository, digests)),
    freedBytes: batched((ids) => freedByEachTag(ctx, repository, ids)),
  };
  ctx.contentLoaders.set(repository, loaders);
  return loaders;
}
