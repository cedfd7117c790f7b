import { Arg, Args, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { Repository as RepositoryEntity } from '@escale/schema/entities';
import {
  deleteTag,
  deleteTags,
  findTagDetails,
  findTagsDetails,
  freedByTags,
  listTagDetails,
  listTagNames,
  listTagEvents,
  restoreTag,
  setTag,
  setTagExpiry,
  setTagImmutability,
  setTagsExpiry,
  setTagsImmutability,
  type ManifestDetails,
  type TagDetails,
  type TagEventDetails,
} from '@escale/domain/content';
import { notFound } from '@escale/domain/errors';
import { Access } from '../graphql/access-rule.ts';
import { toConnection, type Connection } from '../graphql/connection.ts';
import { toOutcome } from '../graphql/outcome.ts';
import type { ApiContext } from '../graphql/context.ts';
import { ByteCount } from '../graphql/scalars.ts';
import { contentLoaders } from '../manifests/content-loaders.ts';
import { Manifest } from '../manifests/manifest.type.ts';
import { Repository } from '../repositories/repository.type.ts';
import {
  DeleteTagInput,
  DeleteTagsInput,
  RestoreTagInput,
  SetTagExpiryInput,
  SetTagImmutabilityInput,
  SetTagInput,
  SetTagsExpiryInput,
  SetTagsImmutabilityInput,
  TagHistoryArgs,
  TagNamesArgs,
  TagsArgs,
} from './tag.inputs.ts';
import {
  DeleteTagPayload,
  DeleteTagsPayload,
  RestoreTagPayload,
  SetTagExpiryPayload,
  SetTagImmutabilityPayload,
  SetTagPayload,
  SetTagsExpiryPayload,
  SetTagsImmutabilityPayload,
} from './tag.payloads.ts';
import { Tag, TagConnection, TagEventConnection } from './tag.type.ts';

@Resolver(() => Repository)
export class RepositoryTagResolver {
  @FieldResolver(() => TagConnection, { description: 'The latest pushed first, unless ordered otherwise.' })
  async tags(
    @Root() { name }: RepositoryEntity,
    @Args(() => TagsArgs) { first, after, ...filter }: TagsArgs,
    @Ctx() ctx: ApiContext,
  ): Promise<Connection<TagDetails>> {
    return toConnection(await listTagDetails(ctx, name, { ...filter, page: { first, after } }));
  }

  @FieldResolver(() => Tag, { nullable: true, description: 'Null when there is none of this name.' })
  async tag(
    @Root() repository: RepositoryEntity,
    @Arg('name', () => String, { description: 'Its name.' }) name: string,
    @Ctx() ctx: ApiContext,
  ): Promise<TagDetails | null> {
    return (await findTagDetails(ctx, repository.name, name)) ?? null;
  }

  @FieldResolver(() => [String], {
    description: 'The names alone, in the order of `tags`, at most 20,000: any part of a long list can then be shown.',
  })
  tagNames(
    @Root() { name }: RepositoryEntity,
    @Args(() => TagNamesArgs) filter: TagNamesArgs,
    @Ctx() ctx: ApiContext,
  ): Promise<string[]> {
    return listTagNames(ctx, name, filter);
  }

  @FieldResolver(() => [Tag], { description: 'Those of these tags that there are, in byte order.' })
  tagsByName(
    @Root() { name }: RepositoryEntity,
    @Arg('names', () => [String], { description: 'At most 100.' }) names: string[],
    @Ctx() ctx: ApiContext,
  ): Promise<TagDetails[]> {
    return findTagsDetails(ctx, name, names);
  }

  @FieldResolver(() => TagEventConnection, { description: 'What happened to the tags, the latest first.' })
  async tagHistory(
    @Root() { name }: RepositoryEntity,
    @Args(() => TagHistoryArgs) { tag, ...page }: TagHistoryArgs,
    @Ctx() ctx: ApiContext,
  ): Promise<Connection<TagEventDetails>> {
    return toConnection(await listTagEvents(ctx, name, { tag, page }));
  }

  @FieldResolver(() => ByteCount, { description: 'Of everything in it, each blob counted once.' })
  async storedBytes(@Root() { id }: RepositoryEntity, @Ctx() ctx: ApiContext): Promise<number> {
    return (await ctx.loaders.storedBytes(id)) ?? 0;
  }

  @FieldResolver(() => ByteCount, {
    description:
      'Bytes that deleting it gives up: each blob and manifest once, as in `storedBytes`. Blobs that other repositories hold as well stay stored; whether there are any is not told.',
  })
  async freedBytes(@Root() { id }: RepositoryEntity, @Ctx() ctx: ApiContext): Promise<number> {
    return (await ctx.loaders.storedBytes(id)) ?? 0;
  }

  @FieldResolver(() => ByteCount, {
    description:
      'Bytes that the repository gives up when these tags are deleted together, once the time machine lets go of them. Blobs that other repositories hold as well stay stored.',
  })
  freedByTags(
    @Root() { name }: RepositoryEntity,
    @Arg('tags', () => [String], { description: 'Their names.' }) tags: string[],
    @Ctx() ctx: ApiContext,
  ): Promise<number> {
    return freedByTags(ctx, name, tags);
  }
}

@Resolver(() => Tag)
export class TagResolver {
  /** A tag that was read a moment ago may have lost its manifest to a deletion by digest. */
  @FieldResolver(() => Manifest, { description: 'What it names.' })
  async manifest(@Root() { repository, digest }: TagDetails, @Ctx() ctx: ApiContext): Promise<ManifestDetails> {
    const manifest = await contentLoaders(ctx, repository).manifest(digest);
    if (!manifest) throw notFound(`the manifest ${digest}`);
    return manifest;
  }

  @FieldResolver(() => ByteCount, {
    description:
      'Bytes that the repository gives up when this tag alone is deleted, once the time machine lets go of it: what no other tag of the repository keeps.',
  })
  async freedBytes(@Root() { repository, id }: TagDetails, @Ctx() ctx: ApiContext): Promise<number> {
    return (await contentLoaders(ctx, repository).freedBytes(id)) ?? 0;
  }

  @Access('signed in', 'repository write')
  @Mutation(() => SetTagPayload, { description: 'Makes a tag, or moves it.' })
  async setTag(@Arg('input', () => SetTagInput) input: SetTagInput, @Ctx() ctx: ApiContext) {
    return { tag: await setTag(ctx, input) };
  }

  @Access('signed in', 'repository write')
  @Mutation(() => DeleteTagPayload, {
    description:
      'Its manifest stays, and the tag can be restored for as long as the time machine of its namespace says.',
  })
  async deleteTag(
    @Arg('input', () => DeleteTagInput) input: DeleteTagInput,
    @Ctx() ctx: ApiContext,
  ): Promise<DeleteTagPayload> {
    return { name: await deleteTag(ctx, input) };
  }

  @Access('signed in', 'repository write')
  @Mutation(() => DeleteTagsPayload, { description: 'Each on its own: one that is refused does not keep the others.' })
  async deleteTags(
    @Arg('input', () => DeleteTagsInput) input: DeleteTagsInput,
    @Ctx() ctx: ApiContext,
  ): Promise<DeleteTagsPayload> {
    return { results: (await deleteTags(ctx, input)).map(toOutcome) };
  }

  @Access('signed in', 'repository write')
  @Mutation(() => RestoreTagPayload, {
    description:
      'Makes a tag name what it named before, also after its deletion. Blobs and children of the image that were deleted since are restored too; PRECONDITION_FAILED when parts of it are lost.',
  })
  async restoreTag(@Arg('input', () => RestoreTagInput) input: RestoreTagInput, @Ctx() ctx: ApiContext) {
    return { tag: await restoreTag(ctx, input) };
  }

  @Access('signed in', 'repository write')
  @Mutation(() => SetTagExpiryPayload, { description: 'When the tag ends by itself; null for never.' })
  async setTagExpiry(@Arg('input', () => SetTagExpiryInput) input: SetTagExpiryInput, @Ctx() ctx: ApiContext) {
    return { tag: await setTagExpiry(ctx, input) };
  }

  @Access('signed in', 'repository write')
  @Mutation(() => SetTagsExpiryPayload, { description: 'Each on its own, as `deleteTags`.' })
  async setTagsExpiry(
    @Arg('input', () => SetTagsExpiryInput) input: SetTagsExpiryInput,
    @Ctx() ctx: ApiContext,
  ): Promise<SetTagsExpiryPayload> {
    return { results: (await setTagsExpiry(ctx, input)).map(toOutcome) };
  }

  @Access('signed in', 'repository write')
  @Mutation(() => SetTagImmutabilityPayload, { description: 'Setting it needs WRITE, taking it back ADMIN.' })
  async setTagImmutability(
    @Arg('input', () => SetTagImmutabilityInput) input: SetTagImmutabilityInput,
    @Ctx() ctx: ApiContext,
  ) {
    return { tag: await setTagImmutability(ctx, input) };
  }

  @Access('signed in', 'repository write')
  @Mutation(() => SetTagsImmutabilityPayload, { description: 'Each on its own, as `deleteTags`.' })
  async setTagsImmutability(
    @Arg('input', () => SetTagsImmutabilityInput) input: SetTagsImmutabilityInput,
    @Ctx() ctx: ApiContext,
  ): Promise<SetTagsImmutabilityPayload> {
    return { results: (await setTagsImmutability(ctx, input)).map(toOutcome) };
  }
}
