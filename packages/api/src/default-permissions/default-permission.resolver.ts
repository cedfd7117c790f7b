import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { DefaultPermission as DefaultPermissionEntity } from '@escale/schema/entities';
import {
  applyDefaultPermissions,
  createDefaultPermission,
  deleteDefaultPermission,
  granteeOf,
  updateDefaultPermission,
} from '@escale/domain/default-permissions';
import { Access } from '../graphql/access-rule.ts';
import type { ApiContext } from '../graphql/context.ts';
import { Grantee } from '../repositories/permission.type.ts';
import {
  ApplyDefaultPermissionsInput,
  ApplyDefaultPermissionsPayload,
  CreateDefaultPermissionInput,
  CreateDefaultPermissionPayload,
  DeleteDefaultPermissionInput,
  DeleteDefaultPermissionPayload,
  UpdateDefaultPermissionInput,
  UpdateDefaultPermissionPayload,
} from './default-permission.inputs.ts';
import { DefaultPermission } from './default-permission.type.ts';

@Resolver(() => DefaultPermission)
export class DefaultPermissionResolver {
  @Access('signed in', 'namespace admin')
  @Mutation(() => CreateDefaultPermissionPayload, {
    description: 'Adds a rule for repositories that are made from now on; existing ones are not touched.',
  })
  async createDefaultPermission(
    @Arg('input', () => CreateDefaultPermissionInput) input: CreateDefaultPermissionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<CreateDefaultPermissionPayload> {
    return { defaultPermission: await createDefaultPermission(ctx, input) };
  }

  @Access('signed in', 'namespace admin')
  @Mutation(() => UpdateDefaultPermissionPayload, {
    description: 'Changes the role of a rule; repositories that exist keep what they got.',
  })
  async updateDefaultPermission(
    @Arg('input', () => UpdateDefaultPermissionInput) input: UpdateDefaultPermissionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<UpdateDefaultPermissionPayload> {
    return { defaultPermission: await updateDefaultPermission(ctx, input) };
  }

  @Access('signed in', 'namespace admin')
  @Mutation(() => DeleteDefaultPermissionPayload, {
    description: 'Ends a rule; repositories that exist keep what they got.',
  })
  deleteDefaultPermission(
    @Arg('input', () => DeleteDefaultPermissionInput) input: DeleteDefaultPermissionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<DeleteDefaultPermissionPayload> {
    return deleteDefaultPermission(ctx, input);
  }

  @Access('signed in', 'namespace admin')
  @Mutation(() => ApplyDefaultPermissionsPayload, {
    description:
      'Gives existing repositories what the rules would have given them. First lists what would change; then, with the `effect` of that list, does it. Adds and raises, never lowers.',
  })
  applyDefaultPermissions(
    @Arg('input', () => ApplyDefaultPermissionsInput) input: ApplyDefaultPermissionsInput,
    @Ctx() ctx: ApiContext,
  ): Promise<ApplyDefaultPermissionsPayload> {
    return applyDefaultPermissions(ctx, input);
  }

  @FieldResolver(() => Grantee, { description: 'Who gets it.' })
  grantee(@Root() permission: DefaultPermissionEntity): object {
    return granteeOf(permission);
  }

  @FieldResolver(() => Grantee, { nullable: true, description: 'Whose new repositories it is for; null for anyone.' })
  createdBy(@Root() { creatorUser, creatorRobot }: DefaultPermissionEntity): object | null {
    return creatorUser ?? creatorRobot ?? null;
  }
}
