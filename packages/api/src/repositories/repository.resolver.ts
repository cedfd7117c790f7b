import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { Organization, Repository as RepositoryEntity, User } from '@escale/schema/entities';
import {
  createRepository,
  deleteRepository,
  findRepository,
  listRepositories,
  restoreRepository,
  setStar,
  updateRepository,
} from '@escale/domain/repositories';
import { Access } from '../graphql/access-rule.ts';
import { toConnection, type Connection } from '../graphql/connection.ts';
import type { ApiContext } from '../graphql/context.ts';
import { Namespace } from '../namespaces/namespace.type.ts';
import { toDeleted } from './deleted-repository.type.ts';
import {
  CreateRepositoryInput,
  CreateRepositoryPayload,
  DeleteRepositoryInput,
  DeleteRepositoryPayload,
  RepositoriesArgs,
  RestoreRepositoryInput,
  RestoreRepositoryPayload,
  SetStarInput,
  SetStarPayload,
  UpdateRepositoryInput,
  UpdateRepositoryPayload,
} from './repository.inputs.ts';
import { Repository, RepositoryConnection } from './repository.type.ts';

@Resolver(() => Repository)
export class RepositoryResolver {
  @Access('anyone', 'visible')
  @Query(() => Repository, { nullable: true, description: 'Null when it does not exist or may not be seen.' })
  async repository(
    @Arg('name', () => String, { description: '`namespace/path`.' }) name: string,
    @Ctx() ctx: ApiContext,
  ): Promise<Repository | null> {
    return (await findRepository(ctx, name)) ?? null;
  }

  @Access('anyone', 'visible')
  @Query(() => RepositoryConnection, {
    description:
      "Without a filter: the viewer's own, those shared with the viewer, and those of the organizations the viewer administers.",
  })
  async repositories(
    @Args(() => RepositoriesArgs) { first, after, ...filter }: RepositoriesArgs,
    @Ctx() ctx: ApiContext,
  ): Promise<Connection<Repository>> {
    return toConnection(
      await listRepositories(ctx, { ...filter, page: { first: first ?? null, after: after ?? null } }),
    );
  }

  @Access('signed in', 'namespace creator')
  @Mutation(() => CreateRepositoryPayload, {
    description:
      "Makes an empty repository, which the viewer administers; an organization's default permissions are applied.",
  })
  async createRepository(
    @Arg('input', () => CreateRepositoryInput) input: CreateRepositoryInput,
    @Ctx() ctx: ApiContext,
  ): Promise<CreateRepositoryPayload> {
    return { repository: await createRepository(ctx, input) };
  }

  @Access('signed in', 'repository write')
  @Mutation(() => UpdateRepositoryPayload, { description: 'Changes the description.' })
  async updateRepository(
    @Arg('input', () => UpdateRepositoryInput) input: UpdateRepositoryInput,
    @Ctx() ctx: ApiContext,
  ): Promise<UpdateRepositoryPayload> {
    return { repository: await updateRepository(ctx, input) };
  }

  @Access('signed in', 'repository admin')
  @Mutation(() => DeleteRepositoryPayload, {
    description:
      'Deletes a repository with everything in it, at once; its name is free. Until the undo window ends `restoreRepository` brings it back.',
  })
  async deleteRepository(
    @Arg('input', () => DeleteRepositoryInput) input: DeleteRepositoryInput,
    @Ctx() ctx: ApiContext,
  ): Promise<DeleteRepositoryPayload> {
    return { repository: toDeleted(await deleteRepository(ctx, input, ctx.services.config)) };
  }

  @Access('signed in', 'namespace admin', { scope: 'repositories:admin' })
  @Mutation(() => RestoreRepositoryPayload, {
    description: 'Brings a deleted repository back as it was; for admins of its namespace.',
  })
  async restoreRepository(
    @Arg('input', () => RestoreRepositoryInput) input: RestoreRepositoryInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RestoreRepositoryPayload> {
    return { repository: await restoreRepository(ctx, input) };
  }

  @Access('person', 'repository read')
  @Mutation(() => SetStarPayload, { description: 'Keeps a repository at hand for the viewer, or no longer.' })
  async setStar(
    @Arg('input', () => SetStarInput) input: SetStarInput,
    @Ctx() ctx: ApiContext,
  ): Promise<SetStarPayload> {
    return { repository: await setStar(ctx, input) };
  }

  @FieldResolver(() => Namespace, { description: 'The user or the organization that it belongs to.' })
  namespace(@Root() { namespace }: RepositoryEntity, @Ctx() ctx: ApiContext): Promise<User | Organization> {
    return ctx.loaders.namespaceOwner(namespace.id);
  }

  @FieldResolver(() => Boolean, { description: 'Whether the viewer has starred it.' })
  starred(@Root() { id }: RepositoryEntity, @Ctx() ctx: ApiContext): Promise<boolean> {
    return ctx.loaders.starred(id).then((starred) => starred === true);
  }
}
