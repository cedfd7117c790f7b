import { Arg, Args, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { Organization as OrganizationEntity, Team as TeamEntity } from '@escale/schema/entities';
import { allowsGroup } from '@escale/domain/groups';
import {
  addPendingTeamMember,
  addTeamMember,
  createTeam,
  deleteTeam,
  listPendingMembers,
  listTeamMembers,
  listTeamPermissions,
  removePendingTeamMember,
  removeTeamMember,
  syncTeam,
  updateTeam,
} from '@escale/domain/teams';
import { Access } from '../graphql/access-rule.ts';
import { PageArgs, toConnection } from '../graphql/connection.ts';
import type { ApiContext } from '../graphql/context.ts';
import { MemberConnection } from '../members/member.type.ts';
import { Organization } from '../organizations/organization.type.ts';
import { RepositoryPermissionConnection } from '../repositories/permission.type.ts';
import {
  AddPendingTeamMemberInput,
  AddPendingTeamMemberPayload,
  AddTeamMemberInput,
  AddTeamMemberPayload,
  CreateTeamInput,
  CreateTeamPayload,
  DeleteTeamInput,
  DeleteTeamPayload,
  RemovePendingTeamMemberInput,
  RemovePendingTeamMemberPayload,
  RemoveTeamMemberInput,
  RemoveTeamMemberPayload,
  SyncTeamInput,
  SyncTeamPayload,
  UpdateTeamInput,
  UpdateTeamPayload,
} from './team.inputs.ts';
import { PendingTeamMemberConnection, Team } from './team.type.ts';

@Resolver(() => Team)
export class TeamResolver {
  @Access('signed in', 'namespace admin')
  @Mutation(() => CreateTeamPayload, { description: 'Adds an empty team to an organization.' })
  async createTeam(
    @Arg('input', () => CreateTeamInput) input: CreateTeamInput,
    @Ctx() ctx: ApiContext,
  ): Promise<CreateTeamPayload> {
    return { team: await createTeam(ctx, input) };
  }

  @Access('signed in', 'namespace admin')
  @Mutation(() => UpdateTeamPayload, {
    description: "Changes a team's role or description. One person who administers the organization must stay.",
  })
  async updateTeam(
    @Arg('input', () => UpdateTeamInput) input: UpdateTeamInput,
    @Ctx() ctx: ApiContext,
  ): Promise<UpdateTeamPayload> {
    return { team: await updateTeam(ctx, input) };
  }

  @Access('signed in', 'namespace admin')
  @Mutation(() => DeleteTeamPayload, {
    description: 'Deletes a team with its memberships, its permissions and the default permissions for it.',
  })
  deleteTeam(
    @Arg('input', () => DeleteTeamInput) input: DeleteTeamInput,
    @Ctx() ctx: ApiContext,
  ): Promise<DeleteTeamPayload> {
    return deleteTeam(ctx, input);
  }

  @Access('signed in', 'namespace admin')
  @Mutation(() => AddTeamMemberPayload, { description: 'Puts a user, or a robot of the organization, into a team.' })
  async addTeamMember(
    @Arg('input', () => AddTeamMemberInput) input: AddTeamMemberInput,
    @Ctx() ctx: ApiContext,
  ): Promise<AddTeamMemberPayload> {
    return { team: await addTeamMember(ctx, input) };
  }

  @Access('signed in', 'namespace admin')
  @Mutation(() => RemoveTeamMemberPayload, {
    description:
      'Takes somebody out of a team; anybody may leave. One person who administers the organization must stay.',
  })
  async removeTeamMember(
    @Arg('input', () => RemoveTeamMemberInput) input: RemoveTeamMemberInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RemoveTeamMemberPayload> {
    return { team: await removeTeamMember(ctx, input) };
  }

  @Access('signed in', 'namespace admin')
  @Mutation(() => AddPendingTeamMemberPayload, {
    description:
      'Puts somebody into a team who has never signed in here: the membership begins when the person signs in with this user name or with this verified e-mail address.',
  })
  async addPendingTeamMember(
    @Arg('input', () => AddPendingTeamMemberInput) input: AddPendingTeamMemberInput,
    @Ctx() ctx: ApiContext,
  ): Promise<AddPendingTeamMemberPayload> {
    return { team: await addPendingTeamMember(ctx, input, ctx.services.directory) };
  }

  @Access('signed in', 'namespace admin')
  @Mutation(() => RemovePendingTeamMemberPayload, { description: 'Waits no longer for somebody.' })
  async removePendingTeamMember(
    @Arg('input', () => RemovePendingTeamMemberInput) input: RemovePendingTeamMemberInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RemovePendingTeamMemberPayload> {
    return { team: await removePendingTeamMember(ctx, input) };
  }

  @Access('signed in', 'namespace admin')
  @Mutation(() => SyncTeamPayload, {
    description:
      'Binds a team to a group of the identity provider, which alone says from then on who of its people is in the team; robots are added as before. People leave and come at their next sign-in, or within a minute where the provider can be asked. Only people who have signed in here are brought. The group must be one that an administrator of the registry has allowed for the organization (`allowOrganizationGroups`), else the answer is `DENIED`. Null ends it, and everybody stays.',
  })
  async syncTeam(
    @Arg('input', () => SyncTeamInput) input: SyncTeamInput,
    @Ctx() ctx: ApiContext,
  ): Promise<SyncTeamPayload> {
    return { team: await syncTeam(ctx, input, ctx.services.config) };
  }

  @FieldResolver(() => Organization, { description: 'The organization that it belongs to.' })
  organization(@Root() { organization }: TeamEntity, @Ctx() ctx: ApiContext): Promise<OrganizationEntity> {
    return ctx.loaders.organization(organization.id);
  }

  @FieldResolver(() => Boolean, {
    nullable: true,
    description:
      'Whether the organization may follow the group of this team. When it is false nobody new comes with the group, and people who leave the group still leave the team. Null for a team without a group.',
  })
  async syncedGroupAllowed(@Root() team: TeamEntity, @Ctx() ctx: ApiContext): Promise<boolean | null> {
    if (!team.syncedGroup) return null;
    const { allowedGroups } = await ctx.loaders.organization(team.organization.id);
    return allowsGroup(allowedGroups, team.syncedGroup);
  }

  @FieldResolver(() => MemberConnection, { description: 'By name; for its own members and for admins.' })
  async members(@Root() team: TeamEntity, @Args(() => PageArgs) page: PageArgs, @Ctx() ctx: ApiContext) {
    return toConnection(await listTeamMembers(ctx, team, page));
  }

  @FieldResolver(() => PendingTeamMemberConnection, {
    description: 'Who is to be in it and has not signed in yet, by login; for admins of the organization.',
  })
  async pendingMembers(@Root() team: TeamEntity, @Args(() => PageArgs) page: PageArgs, @Ctx() ctx: ApiContext) {
    return toConnection(await listPendingMembers(ctx, team, page));
  }

  @FieldResolver(() => RepositoryPermissionConnection, {
    description: 'What the team may do on which repository, by name; for admins of the organization.',
  })
  async repositories(@Root() team: TeamEntity, @Args(() => PageArgs) page: PageArgs, @Ctx() ctx: ApiContext) {
    return toConnection(await listTeamPermissions(ctx, team, page));
  }
}
