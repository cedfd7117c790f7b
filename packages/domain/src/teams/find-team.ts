import { Permission, Team, TeamMembership, type Organization } from '@escale/schema/entities';
import { namespaceRole } from '../access/namespace-role.ts';
import type { Context } from '../context.ts';
import { denied, notFound } from '../errors.ts';
import { describeMembers, type Member } from '../namespaces/list-members.ts';
import { requireOrganization } from '../namespaces/require-organization.ts';
import { keysetPage, type Page, type PageInput } from '../page.ts';

/** Names of teams are for all members. @throws NOT_FOUND for the organization, DENIED for one who is no member */
export async function findTeam(ctx: Context, organizationName: string, name: string): Promise<Team | undefined> {
  const organization = await requireOrganization(ctx, organizationName, 'member');
  return (
    (await ctx.em.findOne(Team, { organization: organization.id, name }, { populate: ['organization'] })) ?? undefined
  );
}

/** By name. @throws as `findTeam` */
export async function listTeams(ctx: Context, organizationName: string, page: PageInput): Promise<Page<Team>> {
  const organization = await requireOrganization(ctx, organizationName, 'member');
  return keysetPage(ctx, Team, {
    from: 'teams x',
    where: 'x.organization_id = ?',
    parameters: [organization.id],
    order: [{ sql: 'x.name' }],
    page,
  });
}

/** A team of this organization. @throws NOT_FOUND */
export async function teamOf(ctx: Context, organization: Organization, name: string, field = 'team'): Promise<Team> {
  const team = await ctx.em.findOne(Team, { organization: organization.id, name }, { populate: ['organization'] });
  if (!team) throw notFound(`the team ${name.slice(0, 255)} in ${organization.name}`, field);
  return team;
}

/** People and robots of a team, by name; for its own members and for admins. @throws DENIED for others */
export async function listTeamMembers(ctx: Context, team: Team, page: PageInput): Promise<Page<Member>> {
  await ctx.em.populate(team, ['organization']);
  const organization = team.organization;
  if (!(await isIn(ctx, team.id)) && (await namespaceRole(ctx, organization.namespace.id)) !== 'admin') {
    throw denied(`the members of ${organization.name}/${team.name} are shown to its members and to admins`);
  }
  const rows = await keysetPage(ctx, TeamMembership, {
    from: `team_memberships x left join users u on u.id = x.user_id
             left join namespaces n on n.id = u.namespace_id left join robots b on b.id = x.robot_id`,
    where: 'x.team_id = ?',
    parameters: [team.id],
    order: [{ sql: 'coalesce(n.name, b.name)' }],
    page,
  });
  const described = await describeMembers(ctx, organization.id, rows.items);
  const items = described.map((member, index) => {
    const { synced = false, createdAt: since = member.since } = rows.items[index] ?? {};
    return { ...member, synced, since };
  });
  return { ...rows, items };
}

async function isIn({ em, principal }: Context, teamId: string): Promise<boolean> {
  if (principal.kind !== 'user' && principal.kind !== 'robot') return false;
  const own = principal.kind === 'user' ? { user: principal.id } : { robot: principal.id };
  return (await em.count(TeamMembership, { team: teamId, ...own })) > 0;
}

/** What a team may do on which repository, by the repository's name. @throws DENIED below admin of the organization */
export async function listTeamPermissions(ctx: Context, team: Team, page: PageInput): Promise<Page<Permission>> {
  await ctx.em.populate(team, ['organization']);
  await requireOrganization(ctx, team.organization.name, 'admin');
  const found = await keysetPage(ctx, Permission, {
    from: 'permissions x join repositories r on r.id = x.repository_id',
    where: 'x.team_id = ? and r.deleted_at is null',
    parameters: [team.id],
    order: [{ sql: 'r.name' }],
    page,
  });
  await ctx.em.populate([...found.items], ['repository', 'team']);
  return found;
}
