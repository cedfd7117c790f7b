import { Arg, Args, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import type { Organization as OrganizationEntity } from '@escale/schema/entities';
import { isAdministrator, requireNamespaceRole } from '@escale/domain/access';
import { listDefaultPermissions, previewDefaultPermissions } from '@escale/domain/default-permissions';
import { listCollaborators, listMembers } from '@escale/domain/namespaces';
import { storedByNamespace } from '@escale/domain/content';
import { findTeam, listTeams } from '@escale/domain/teams';
import { DefaultPermissionConnection, FirstPermission } from '../default-permissions/default-permission.type.ts';
import { PageArgs, toConnection } from '../graphql/connection.ts';
import type { ApiContext } from '../graphql/context.ts';
import { TeamRole } from '../graphql/enums.ts';
import { ByteCount } from '../graphql/scalars.ts';
import { CollaboratorConnection, MemberConnection } from '../members/member.type.ts';
import { Team, TeamConnection } from '../teams/team.type.ts';
import { Organization } from './organization.type.ts';

/** What an organization shows to those who have rights in it. */
@Resolver(() => Organization)
export class OrganizationPartsResolver {
  @FieldResolver(() => String, { nullable: true, description: 'For admins of the organization; null for others.' })
  async contactEmail(@Root() organization: OrganizationEntity, @Ctx() ctx: ApiContext): Promise<string | null> {
    const role = await ctx.loaders.namespaceRole(organization.namespace.id);
    return role === 'admin' ? (organization.contactEmail ?? null) : null;
  }

  @FieldResolver(() => [String], {
    nullable: true,
    description:
      'Patterns of the groups of the identity provider that its teams may follow, see `allowOrganizationGroups`. Null for viewers who do not administer the organization.',
  })
  async allowedGroups(@Root() organization: OrganizationEntity, @Ctx() ctx: ApiContext): Promise<string[] | null> {
    const role = await ctx.loaders.namespaceRole(organization.namespace.id);
    return role === 'admin' ? (organization.allowedGroups ?? []) : null;
  }

  @FieldResolver(() => TeamRole, {
    nullable: true,
    description:
      "The highest of the viewer's team roles here, admin for administrators of the registry; null for one who is in no team.",
  })
  async viewerRole(@Root() { namespace }: OrganizationEntity, @Ctx() ctx: ApiContext): Promise<TeamRole | null> {
    return (await ctx.loaders.namespaceRole(namespace.id)) ?? null;
  }

  @FieldResolver(() => Boolean, {
    description:
      'Whether the viewer has the role here as an administrator of the registry, beyond all teams of their own.',
  })
  async viewerActsAsAdministrator(@Root() { namespace }: OrganizationEntity, @Ctx() ctx: ApiContext): Promise<boolean> {
    return isAdministrator(ctx.principal) && (await ctx.loaders.ownNamespaceRole(namespace.id)) !== 'admin';
  }

  @FieldResolver(() => TeamConnection, { description: 'By name; for members.' })
  async teams(@Root() { name }: OrganizationEntity, @Args(() => PageArgs) page: PageArgs, @Ctx() ctx: ApiContext) {
    return toConnection(await listTeams(ctx, name, page));
  }

  @FieldResolver(() => Team, { nullable: true, description: 'For members; null when there is none of this name.' })
  async team(
    @Root() organization: OrganizationEntity,
    @Arg('name', () => String, { description: 'Its name.' }) name: string,
    @Ctx() ctx: ApiContext,
  ): Promise<Team | null> {
    return (await findTeam(ctx, organization.name, name)) ?? null;
  }

  @FieldResolver(() => MemberConnection, {
    description: 'People and robots who are in a team, by name; for admins.',
  })
  async members(@Root() { name }: OrganizationEntity, @Args(() => PageArgs) page: PageArgs, @Ctx() ctx: ApiContext) {
    return toConnection(await listMembers(ctx, name, page));
  }

  @FieldResolver(() => CollaboratorConnection, {
    description: 'People with a permission of their own on a repository here who are in no team, by name; for admins.',
  })
  async collaborators(
    @Root() { name }: OrganizationEntity,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: ApiContext,
  ) {
    return toConnection(await listCollaborators(ctx, name, page));
  }

  @FieldResolver(() => DefaultPermissionConnection, {
    description: 'What new repositories get, in the order in which the rules were made; for admins.',
  })
  async defaultPermissions(
    @Root() { name }: OrganizationEntity,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: ApiContext,
  ) {
    return toConnection(await listDefaultPermissions(ctx, name, page));
  }

  @FieldResolver(() => [FirstPermission], {
    description: 'What a repository would start with if this user or robot made it now; for admins.',
  })
  newRepositoryPermissions(
    @Root() { name }: OrganizationEntity,
    @Arg('createdBy', () => String, { description: '`alice`, or a robot of the organization: `acme+ci`.' })
    createdBy: string,
    @Ctx() ctx: ApiContext,
  ) {
    return previewDefaultPermissions(ctx, { organization: name, createdBy });
  }

  @FieldResolver(() => Int, { description: 'For how long ended tags can be restored; 0: not at all.' })
  timeMachineSeconds(@Root() { namespace }: OrganizationEntity): number {
    return namespace.timeMachineSeconds;
  }

  @FieldResolver(() => ByteCount, {
    description:
      'Bytes that deleting it gives up, once it is purged: each blob and manifest once. Blobs that repositories elsewhere hold as well stay stored; whether there are any is not told. For admins.',
  })
  async freedBytes(@Root() { namespace }: OrganizationEntity, @Ctx() ctx: ApiContext): Promise<number> {
    await requireNamespaceRole(ctx, namespace.name, 'admin');
    return storedByNamespace(ctx, namespace.id);
  }
}
