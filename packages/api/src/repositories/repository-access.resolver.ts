import { Arg, Args, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { Repository as RepositoryEntity } from '@escale/schema/entities';
import { atLeast, roleFor } from '@escale/schema/values';
import { isAdministrator, requireRole } from '@escale/domain/access';
import {
  listEffectivePermissions,
  listPermissions,
  publicContents,
  removePermission,
  setGranteePermissions,
  setPermission,
  setVisibility,
} from '@escale/domain/repositories';
import { Access } from '../graphql/access-rule.ts';
import { PageArgs, toConnection } from '../graphql/connection.ts';
import type { ApiContext } from '../graphql/context.ts';
import { RepositoryAction, RepositoryRole } from '../graphql/enums.ts';
import {
  RemoveRepositoryPermissionInput,
  RemoveRepositoryPermissionPayload,
  SetGranteeRepositoryPermissionsInput,
  SetGranteeRepositoryPermissionsPayload,
  SetRepositoryPermissionInput,
  SetRepositoryPermissionPayload,
} from './permission.inputs.ts';
import { EffectivePermissionConnection, RepositoryPermissionConnection } from './permission.type.ts';
import { SetRepositoryVisibilityInput, SetRepositoryVisibilityPayload } from './repository.inputs.ts';
import { PublicContents, Repository } from './repository.type.ts';

/** Who may do what on a repository. */
@Resolver(() => Repository)
export class RepositoryAccessResolver {
  @Access('signed in', 'repository admin')
  @Mutation(() => SetRepositoryVisibilityPayload, {
    description: 'Public: everybody may see and pull at once (`publicContents` says what). Private: that ends at once.',
  })
  async setRepositoryVisibility(
    @Arg('input', () => SetRepositoryVisibilityInput) input: SetRepositoryVisibilityInput,
    @Ctx() ctx: ApiContext,
  ): Promise<SetRepositoryVisibilityPayload> {
    return { repository: await setVisibility(ctx, input) };
  }

  @Access('signed in', 'repository admin')
  @Mutation(() => SetRepositoryPermissionPayload, {
    description: 'Gives a grantee a role on a repository, or changes it.',
  })
  async setRepositoryPermission(
    @Arg('input', () => SetRepositoryPermissionInput) input: SetRepositoryPermissionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<SetRepositoryPermissionPayload> {
    return { permission: await setPermission(ctx, input) };
  }

  @Access('signed in', 'repository admin')
  @Mutation(() => RemoveRepositoryPermissionPayload, {
    description: "Takes a grantee's own permission; what comes by teams stays.",
  })
  async removeRepositoryPermission(
    @Arg('input', () => RemoveRepositoryPermissionInput) input: RemoveRepositoryPermissionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RemoveRepositoryPermissionPayload> {
    return { repository: await removePermission(ctx, input) };
  }

  @Access('signed in', 'namespace admin', { scope: 'repositories:admin' })
  @Mutation(() => SetGranteeRepositoryPermissionsPayload, {
    description:
      'Sets what one grantee may do on many repositories of an organization in one act: all of it or nothing.',
  })
  async setGranteeRepositoryPermissions(
    @Arg('input', () => SetGranteeRepositoryPermissionsInput) input: SetGranteeRepositoryPermissionsInput,
    @Ctx() ctx: ApiContext,
  ): Promise<SetGranteeRepositoryPermissionsPayload> {
    return { changed: await setGranteePermissions(ctx, input) };
  }

  @FieldResolver(() => RepositoryRole, { nullable: true, description: 'The highest role that the viewer has here.' })
  async viewerRole(@Root() { id }: RepositoryEntity, @Ctx() ctx: ApiContext): Promise<RepositoryRole | null> {
    return (await ctx.loaders.accessible(id))?.role ?? null;
  }

  @FieldResolver(() => Boolean, {
    description:
      'Whether the viewer has the role here as an administrator of the registry, beyond all rights of their own.',
  })
  async viewerActsAsAdministrator(@Root() { id }: RepositoryEntity, @Ctx() ctx: ApiContext): Promise<boolean> {
    const reasons = (await ctx.loaders.accessible(id))?.reasons ?? [];
    return (
      isAdministrator(ctx.principal) && reasons.every(({ kind, role }) => kind === 'ADMINISTRATOR' || role !== 'admin')
    );
  }

  @FieldResolver(() => Boolean, { description: 'Whether the viewer may do something here at this moment.' })
  async viewerCan(
    @Root() { id }: RepositoryEntity,
    @Arg('action', () => RepositoryAction, { description: 'What.' }) action: RepositoryAction,
    @Ctx() ctx: ApiContext,
  ): Promise<boolean> {
    const role = (await ctx.loaders.accessible(id))?.role;
    return atLeast(role, action === 'administer' ? 'admin' : roleFor[action]);
  }

  @FieldResolver(() => RepositoryPermissionConnection, {
    description: 'Direct permissions, in the order in which they were given; for admins of the repository.',
  })
  async permissions(@Root() { name }: RepositoryEntity, @Args(() => PageArgs) page: PageArgs, @Ctx() ctx: ApiContext) {
    return toConnection(await listPermissions(ctx, name, page));
  }

  @FieldResolver(() => EffectivePermissionConnection, {
    description:
      'Everybody with a right here, with the reasons (own permission, teams, organization, owner), by login; for admins of the repository.',
  })
  async effectivePermissions(
    @Root() { name }: RepositoryEntity,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: ApiContext,
  ) {
    return toConnection(await listEffectivePermissions(ctx, name, page));
  }

  @FieldResolver(() => PublicContents, {
    description: 'What everybody can see and pull once the repository is public; for admins of the repository.',
  })
  async publicContents(@Root() { id, name }: RepositoryEntity, @Ctx() ctx: ApiContext): Promise<PublicContents> {
    await requireRole(ctx, name, 'admin');
    return publicContents(ctx, id);
  }
}
