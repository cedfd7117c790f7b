import { Arg, Args, ArgsType, Ctx, Field, FieldResolver, Int, Mutation, Resolver, Root } from 'type-graphql';
import type { Repository as RepositoryEntity } from '@escale/schema/entities';
import { deprecationIn, platformText, type ImageConfig as DomainImageConfig } from '@escale/schema/values';
import {
  deleteUntaggedManifests,
  kindNeedsContent,
  kindOfManifest,
  labelProblemsIn,
  listManifestReferrers,
  listTagsOfManifest,
  listUntaggedManifests,
  type ManifestContent,
  type ManifestDetails,
  type TagDetails,
} from '@escale/domain/content';
import { Access } from '../graphql/access-rule.ts';
import { PageArgs, toConnection, type Connection } from '../graphql/connection.ts';
import { ArtifactKind } from '../graphql/enums.ts';
import { toOutcome } from '../graphql/outcome.ts';
import type { ApiContext } from '../graphql/context.ts';
import { Repository } from '../repositories/repository.type.ts';
import { Tag } from '../tags/tag.type.ts';
import { DeleteUntaggedManifestsInput, DeleteUntaggedManifestsPayload } from './untagged-manifest.type.ts';
import { contentLoaders } from './content-loaders.ts';
import {
  Annotation,
  ImageConfig,
  LabelProblem,
  Layer,
  Manifest,
  ManifestConnection,
  PlatformManifest,
} from './manifest.type.ts';

@ArgsType()
class ReferrersArgs extends PageArgs {
  @Field(() => String, { nullable: true, description: 'Exactly this artifact type.' })
  artifactType?: string | undefined;
}

/** Characters of a deprecation: a list may have a hundred of them, and what people write may be endless. */
const deprecationLimit = 1000;

const pairs = (record: Readonly<Record<string, string>> = {}): Annotation[] =>
  Object.entries(record).map(([name, value]) => ({ name, value }));

@Resolver(() => Repository)
export class RepositoryManifestResolver {
  @FieldResolver(() => Manifest, { nullable: true, description: 'Null when the repository has no such manifest.' })
  async manifest(
    @Root() { name }: RepositoryEntity,
    @Arg('digest', () => String, { description: 'Its digest: `sha256:…`.' }) digest: string,
    @Ctx() ctx: ApiContext,
  ): Promise<ManifestDetails | null> {
    return (await contentLoaders(ctx, name).manifest(digest)) ?? null;
  }

  @FieldResolver(() => ManifestConnection, {
    description:
      'What was pushed by digest alone, or what tags have left; the latest pushed first. Without what is part of an index or points at another manifest here. They go by themselves once nothing can restore them. Counted up to 10,000.',
  })
  async untaggedManifests(
    @Root() { name }: RepositoryEntity,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: ApiContext,
  ): Promise<Connection<ManifestDetails>> {
    return toConnection(await listUntaggedManifests(ctx, name, page));
  }

  @Access('signed in', 'repository write')
  @Mutation(() => DeleteUntaggedManifestsPayload, {
    description:
      'Each on its own: one that a tag names meanwhile, or that is part of another, is left as it is. A tag that named one can bring it back within the time machine’s window.',
  })
  async deleteUntaggedManifests(
    @Arg('input', () => DeleteUntaggedManifestsInput) input: DeleteUntaggedManifestsInput,
    @Ctx() ctx: ApiContext,
  ): Promise<DeleteUntaggedManifestsPayload> {
    return { results: (await deleteUntaggedManifests(ctx, input)).map(toOutcome) };
  }
}

@Resolver(() => Manifest)
export class ManifestResolver {
  @FieldResolver(() => [Annotation], { description: 'What its maker wrote on it.' })
  annotations(@Root() { annotations }: ManifestDetails): Annotation[] {
    return pairs(annotations);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      'What its publisher says against using it, by the annotation `escale.deprecated`: at most 1,000 characters, none where no reason is given. Null when it is not deprecated. Clients are warned of it as they pull.',
  })
  deprecation(@Root() { annotations }: ManifestDetails): string | null {
    return deprecationIn(annotations)?.slice(0, deprecationLimit).toWellFormed() ?? null;
  }

  @FieldResolver(() => ArtifactKind, {
    description:
      'What people call the manifest, told from its types and annotations. A signature or attestation that cosign 2 keeps under a tag is told by its layers.',
  })
  async kind(@Root() manifest: ManifestDetails, @Ctx() ctx: ApiContext): Promise<ArtifactKind> {
    return kindOfManifest(manifest, kindNeedsContent(manifest) ? await contentOf(ctx, manifest) : undefined);
  }

  @FieldResolver(() => Boolean, {
    description:
      'Whether a signature of Notation or cosign points at the manifest. The registry does not verify signatures: verify them with the client that made them before you trust the manifest.',
  })
  async hasSignature(@Root() { repository, digest }: ManifestDetails, @Ctx() ctx: ApiContext): Promise<boolean> {
    return (await contentLoaders(ctx, repository).isSigned(digest)) ?? false;
  }

  @FieldResolver(() => [LabelProblem], {
    description:
      'The labels and annotations about tags (`escale.expires-after`, `escale.immutable` and those of `quay.`) that do not do what their text says. Empty when there are none. The push of the manifest was answered with a warning for each.',
  })
  async labelProblems(@Root() manifest: ManifestDetails, @Ctx() ctx: ApiContext): Promise<readonly LabelProblem[]> {
    const content = await contentOf(ctx, manifest);
    return content ? labelProblemsIn(content) : [];
  }

  @FieldResolver(() => ImageConfig, {
    nullable: true,
    description: 'Null for what is no image, and where the config is larger than 1 MiB.',
  })
  async config(@Root() manifest: ManifestDetails, @Ctx() ctx: ApiContext): Promise<DomainImageConfig | null> {
    return (await contentOf(ctx, manifest))?.config ?? null;
  }

  @FieldResolver(() => [Layer], { description: 'The lowest first. Empty for an index.' })
  async layers(@Root() manifest: ManifestDetails, @Ctx() ctx: ApiContext): Promise<Layer[]> {
    const content = await contentOf(ctx, manifest);
    const commands = commandsOf(content);
    return (content?.parsed.layers ?? []).map(({ digest, mediaType, size, annotations }, index) => ({
      digest,
      mediaType,
      size,
      command: commands[index],
      annotations: pairs(annotations),
    }));
  }

  @FieldResolver(() => [PlatformManifest], { description: 'What an index lists, in its order. Empty for an image.' })
  async platforms(@Root() manifest: ManifestDetails, @Ctx() ctx: ApiContext): Promise<PlatformManifest[]> {
    const content = await contentOf(ctx, manifest);
    const { manifest: find } = contentLoaders(ctx, manifest.repository);
    return Promise.all(
      (content?.parsed.manifests ?? []).map(async ({ digest, mediaType, size, platform, annotations }) => ({
        repository: manifest.repository,
        digest,
        mediaType,
        size: (await find(digest))?.totalSize ?? size,
        platform: platform && platformText(platform),
        annotations: pairs(annotations),
      })),
    );
  }

  @FieldResolver(() => ManifestConnection, {
    description:
      'Signatures, attestations, bills of materials: what points at the manifest, also by the tags that older clients and cosign use for it.',
  })
  async referrers(
    @Root() manifest: ManifestDetails,
    @Args(() => ReferrersArgs) { artifactType, ...page }: ReferrersArgs,
    @Ctx() ctx: ApiContext,
  ): Promise<Connection<ManifestDetails>> {
    const { repository, digest } = manifest;
    const beginning =
      artifactType || page.after ? undefined : await contentLoaders(ctx, repository).referrers(digest, page.first);
    return toConnection(beginning ?? (await listManifestReferrers(ctx, manifest, { artifactType, page })));
  }

  @FieldResolver(() => Manifest, { nullable: true, description: 'What it points at; null also when that is not here.' })
  async subject(
    @Root() { repository, subjectDigest }: ManifestDetails,
    @Ctx() ctx: ApiContext,
  ): Promise<ManifestDetails | null> {
    return (subjectDigest && (await contentLoaders(ctx, repository).manifest(subjectDigest))) || null;
  }

  @FieldResolver(() => [Tag], { description: 'At most 1000, in byte order; `tagCount` says how many there are.' })
  tags(@Root() { repository, id }: ManifestDetails, @Ctx() ctx: ApiContext): Promise<TagDetails[]> {
    return listTagsOfManifest(ctx, repository, id);
  }

  @FieldResolver(() => Int, { description: 'How many tags name it.' })
  async tagCount(@Root() { repository, id }: ManifestDetails, @Ctx() ctx: ApiContext): Promise<number> {
    return (await contentLoaders(ctx, repository).tagCount(id)) ?? 0;
  }
}

@Resolver(() => PlatformManifest)
export class PlatformManifestResolver {
  @FieldResolver(() => Manifest, { nullable: true, description: 'Null in a sparse index: it is listed, and not here.' })
  async manifest(
    @Root() { repository, digest }: PlatformManifest & { repository: string },
    @Ctx() ctx: ApiContext,
  ): Promise<ManifestDetails | null> {
    return (await contentLoaders(ctx, repository).manifest(digest)) ?? null;
  }
}

@Resolver(() => ImageConfig)
export class ImageConfigResolver {
  @FieldResolver(() => [Annotation], { description: 'What its maker wrote on it.' })
  labels(@Root() { labels }: DomainImageConfig): Annotation[] {
    return labels.map(([name, value]) => ({ name, value }));
  }
}

function contentOf(ctx: ApiContext, { repository, digest }: ManifestDetails): Promise<ManifestContent | undefined> {
  return contentLoaders(ctx, repository).content(digest);
}

/** The steps that made layers, one for each; none where a builder kept another count. */
function commandsOf(content: ManifestContent | undefined): (string | undefined)[] {
  const steps = (content?.config?.history ?? []).filter(({ emptyLayer }) => !emptyLayer);
  return steps.length === content?.parsed.layers.length ? steps.map(({ createdBy }) => createdBy) : [];
}
