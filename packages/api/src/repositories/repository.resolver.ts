import { Arg, Args, Ctx, Field, FieldResolver, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { Organization, Repository as RepositoryEntity, User, type Permission } from '@escale/schema/entities';
import { atLeast, roleFor } from '@escale/schema/values';
import { findAccessible } from '@escale/domain/access';
import {
  createRepository,
  findRepository,
  listPermissions,
  listRepositories,
  removePermission,
  setPermission,
  setVisibility,
} from '@escale/domain/repositories';
import { PageArgs, toConnection, type Connection } from '../graphql/connection.ts';
import type { ApiContext } from '../graphql/context.ts';
import { RepositoryAction, RepositoryRole } from '../graphql/enums.ts';
import { Namespace } from '../namespaces/namespace.type.ts';
import { Grantee, RepositoryPermission, RepositoryPermissionConnection } from './permission.type.ts';
import {
  CreateRepositoryInput,
  RemoveRepositoryPermissionInput,
  RepositoriesArgs,
  SetRepositoryPermissionInput,
  SetRepositoryVisibilityInput,
} from './repository.inputs.ts';
import { Repository, RepositoryConnection } from './repository.type.ts';

@ObjectType()
class CreateRepositoryPayload {
  @Field(() => Repository)
  repository!: Repository;
}

@ObjectType()
class SetRepositoryVisibilityPayload {
  @Field(() => Repository)
  repository!: Repository;
}

@ObjectType()
class SetRepositoryPermissionPayload {
  @Field(() => RepositoryPermission)
  permission!: RepositoryPermission;
}

@ObjectType()
class RemoveRepositoryPermissionPayload {
  @Field(() => Repository)
  repository!: Repository;
}

@Resolver(() => Repository)
export class RepositoryResolver {
  @Query(() => Repository, { nullable: true, description: 'Null when it does not exist or may not be seen.' })
  async repository(@Arg('name', () => String) name: string, @Ctx() ctx: ApiContext): Promise<Repository | null> {
    return (await findRepository(ctx, name)) ?? null;
  }

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

  @Mutation(() => CreateRepositoryPayload)
  async createRepository(
    @Arg('input', () => CreateRepositoryInput) input: CreateRepositoryInput,
    @Ctx() ctx: ApiContext,
  ): Promise<CreateRepositoryPayload> {
    return { repository: await createRepository(ctx, input) };
  }

  @Mutation(() => SetRepositoryVisibilityPayload, {
    description: 'Public: everybody may pull at once. Private: that ends at once.',
  })
  async setRepositoryVisibility(
    @Arg('input', () => SetRepositoryVisibilityInput) input: SetRepositoryVisibilityInput,
    @Ctx() ctx: ApiContext,
  ): Promise<SetRepositoryVisibilityPayload> {
    return { repository: await setVisibility(ctx, input) };
  }

  @Mutation(() => SetRepositoryPermissionPayload)
  async setRepositoryPermission(
    @Arg('input', () => SetRepositoryPermissionInput) input: SetRepositoryPermissionInput,
    @Ctx() ctx: ApiContext,
  ) {
    return { permission: await setPermission(ctx, input) };
  }

  @Mutation(() => RemoveRepositoryPermissionPayload)
  async removeRepositoryPermission(
    @Arg('input', () => RemoveRepositoryPermissionInput) input: RemoveRepositoryPermissionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RemoveRepositoryPermissionPayload> {
    return { repository: await removePermission(ctx, input) };
  }

  @FieldResolver(() => Namespace)
  async namespace(@Root() { namespace }: RepositoryEntity, @Ctx() ctx: ApiContext): Promise<User | Organization> {
    return namespace.kind === 'user'
      ? ctx.em.findOneOrFail(User, { namespace: namespace.id })
      : ctx.em.findOneOrFail(Organization, { namespace: namespace.id });
  }

  @FieldResolver(() => RepositoryRole, { nullable: true })
  async viewerRole(@Root() { name }: RepositoryEntity, @Ctx() ctx: ApiContext): Promise<RepositoryRole | null> {
    return (await findAccessible(ctx, name))?.role ?? null;
  }

  @FieldResolver(() => Boolean)
  async viewerCan(
    @Root() { name }: RepositoryEntity,
    @Arg('action', () => RepositoryAction) action: RepositoryAction,
    @Ctx() ctx: ApiContext,
  ): Promise<boolean> {
    const role = (await findAccessible(ctx, name))?.role;
    return atLeast(role, action === 'administer' ? 'admin' : roleFor[action]);
  }

  @FieldResolver(() => RepositoryPermissionConnection, {
    description: 'Direct permissions; for admins of the repository.',
  })
  async permissions(@Root() { name }: RepositoryEntity, @Args(() => PageArgs) page: PageArgs, @Ctx() ctx: ApiContext) {
    return toConnection(await listPermissions(ctx, name, page));
  }
}

@Resolver(() => RepositoryPermission)
export class RepositoryPermissionResolver {
  @FieldResolver(() => Grantee)
  grantee(@Root() { user, robot, team }: Permission): object {
    const grantee = user ?? robot ?? team;
    if (!grantee) throw new Error('a permission has no grantee');
    return grantee;
  }

  /** A permission just given knows its repository by id alone. */
  @FieldResolver(() => Repository)
  repository(@Root() { repository }: Permission, @Ctx() ctx: ApiContext): Promise<RepositoryEntity> {
    return ctx.em.findOneOrFail(RepositoryEntity, { id: repository.id });
  }
}
