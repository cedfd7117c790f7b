import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import type {
  GlobalMessage as MessageEntity,
  Organization as OrganizationEntity,
  User as UserEntity,
} from '@escale/schema/entities';
import { requireAdministrator } from '@escale/domain/access';
import {
  allowGroups,
  createMessage,
  deleteMessage,
  disableUser,
  enableUser,
  listMessages,
  listUsers,
  registrySettings,
  revokeTokens,
  takeOverOrganization,
  updateRegistrySettings,
} from '@escale/domain/administration';
import { Access } from '../graphql/access-rule.ts';
import { toConnection } from '../graphql/connection.ts';
import type { ApiContext } from '../graphql/context.ts';
import { DateTime } from '../graphql/scalars.ts';
import { User } from '../users/user.type.ts';
import {
  AllowOrganizationGroupsInput,
  AllowOrganizationGroupsPayload,
  CreateMessageInput,
  CreateMessagePayload,
  DeleteMessageInput,
  DeleteMessagePayload,
  DisableUserInput,
  DisableUserPayload,
  EnableUserInput,
  EnableUserPayload,
  RevokeTokensInput,
  RevokeTokensPayload,
  TakeOverOrganizationInput,
  TakeOverOrganizationPayload,
  UpdateRegistrySettingsInput,
  UpdateRegistrySettingsPayload,
} from './administration.inputs.ts';
import { GlobalMessage, RegistrySettings, UserConnection, UsersArgs } from './administration.type.ts';

@Resolver()
export class AdministrationResolver {
  @Access('administrator', 'nothing')
  @Query(() => UserConnection, { description: 'Everybody who ever signed in, by name; for administrators.' })
  async users(@Args(() => UsersArgs) { first, after, ...filter }: UsersArgs, @Ctx() ctx: ApiContext) {
    return toConnection(await listUsers(ctx, { ...filter, page: { first, after } }));
  }

  @Access('anyone', 'nothing', { beforeConfirming: true })
  @Query(() => [GlobalMessage], { description: 'What the administrators tell everybody, signed in or not.' })
  messages(@Ctx() ctx: ApiContext): Promise<MessageEntity[]> {
    return listMessages(ctx);
  }

  @Access('administrator', 'nothing')
  @Query(() => RegistrySettings, { description: 'What is decided for the whole registry; for administrators.' })
  async registrySettings(@Ctx() ctx: ApiContext): Promise<RegistrySettings> {
    requireAdministrator(ctx);
    return { ...(await registrySettings(ctx)) } as RegistrySettings;
  }

  @Access('administrator', 'nothing')
  @Mutation(() => DisableUserPayload, {
    description: 'Ends a person’s sessions, tokens and robots at once; what the person made stays. For administrators.',
  })
  async disableUser(@Arg('input', () => DisableUserInput) input: DisableUserInput, @Ctx() ctx: ApiContext) {
    return { user: await disableUser(ctx, input) };
  }

  @Access('administrator', 'nothing')
  @Mutation(() => EnableUserPayload, { description: 'Lets a disabled person in again; for administrators.' })
  async enableUser(@Arg('input', () => EnableUserInput) input: EnableUserInput, @Ctx() ctx: ApiContext) {
    return { user: await enableUser(ctx, input) };
  }

  @Access('administrator', 'nothing')
  @Mutation(() => TakeOverOrganizationPayload, {
    description:
      'Puts the viewer into an admin team of an organization, in the open: its usage log says so. For administrators.',
  })
  async takeOverOrganization(
    @Arg('input', () => TakeOverOrganizationInput) input: TakeOverOrganizationInput,
    @Ctx() ctx: ApiContext,
  ): Promise<{ organization: OrganizationEntity }> {
    return { organization: await takeOverOrganization(ctx, input) };
  }

  @Access('administrator', 'nothing')
  @Mutation(() => AllowOrganizationGroupsPayload, {
    description:
      'Decides which groups of the identity provider the teams of an organization may follow. A team whose group is no longer allowed gets nobody new by it; people who leave the group still leave the team. For administrators. Errors: `NOT_FOUND`, `INPUT_INVALID`.',
  })
  async allowOrganizationGroups(
    @Arg('input', () => AllowOrganizationGroupsInput) input: AllowOrganizationGroupsInput,
    @Ctx() ctx: ApiContext,
  ): Promise<{ organization: OrganizationEntity }> {
    return { organization: await allowGroups(ctx, input) };
  }

  @Access('administrator', 'nothing')
  @Mutation(() => RevokeTokensPayload, {
    description: 'Ends all tokens of a namespace at once, for the day on which something leaked. For administrators.',
  })
  revokeTokens(
    @Arg('input', () => RevokeTokensInput) input: RevokeTokensInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RevokeTokensPayload> {
    return revokeTokens(ctx, input);
  }

  @Access('administrator', 'nothing')
  @Mutation(() => CreateMessagePayload, {
    description: 'Tells everybody something, on every page; for administrators.',
  })
  async createMessage(@Arg('input', () => CreateMessageInput) input: CreateMessageInput, @Ctx() ctx: ApiContext) {
    return { message: await createMessage(ctx, input) };
  }

  @Access('administrator', 'nothing')
  @Mutation(() => DeleteMessagePayload, { description: 'Takes a message away; for administrators.' })
  deleteMessage(
    @Arg('input', () => DeleteMessageInput) input: DeleteMessageInput,
    @Ctx() ctx: ApiContext,
  ): Promise<DeleteMessagePayload> {
    return deleteMessage(ctx, input);
  }

  @Access('administrator', 'nothing')
  @Mutation(() => UpdateRegistrySettingsPayload, {
    description: 'Changes what is named and leaves the rest; for administrators.',
  })
  async updateRegistrySettings(
    @Arg('input', () => UpdateRegistrySettingsInput) input: UpdateRegistrySettingsInput,
    @Ctx() ctx: ApiContext,
  ) {
    return { settings: await updateRegistrySettings(ctx, input) };
  }
}

/** What administrators, and people of themselves, see of a user. */
@Resolver(() => User)
export class UserAdministrationResolver {
  @FieldResolver(() => DateTime, {
    nullable: true,
    description: 'Since when the user is disabled; for administrators.',
  })
  disabledAt(@Root() user: UserEntity, @Ctx() ctx: ApiContext): Date | null {
    return mayKnow(user, ctx) ? (user.disabledAt ?? null) : null;
  }

  @FieldResolver(() => DateTime, {
    nullable: true,
    description:
      'When the identity provider refused the user. Sessions, tokens and administration of the user have stopped since then, until the next sign-in. Null: the user is not suspended, or the viewer is neither an administrator nor the user.',
  })
  suspendedAt(@Root() user: UserEntity, @Ctx() ctx: ApiContext): Date | null {
    return mayKnow(user, ctx) ? (user.suspendedAt ?? null) : null;
  }

  @FieldResolver(() => DateTime, { nullable: true, description: 'For administrators, and of oneself.' })
  lastSignedInAt(@Root() user: UserEntity, @Ctx() ctx: ApiContext): Date | null {
    return mayKnow(user, ctx) ? (user.lastSignedInAt ?? null) : null;
  }

  @FieldResolver(() => DateTime, {
    nullable: true,
    description: 'Of the first sign-in; for administrators, and of oneself.',
  })
  createdAt(@Root() user: UserEntity, @Ctx() ctx: ApiContext): Date | null {
    return mayKnow(user, ctx) ? user.createdAt : null;
  }
}

function mayKnow({ id }: UserEntity, { principal }: ApiContext): boolean {
  return principal.kind === 'user' && (principal.isAdministrator || principal.id === id);
}
