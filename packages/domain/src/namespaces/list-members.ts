import { type Robot, type Team, TeamMembership, User } from '@escale/schema/entities';
import { keysetPage, type Page, type PageInput } from '../page.ts';
import type { Context } from '../context.ts';
import { requireOrganization } from './require-organization.ts';

/** Somebody in an organization, or in one of its teams. */
export interface Member {
  readonly principal: User | Robot;
  /** The teams of the organization that the member is in, by name. */
  readonly teams: readonly Team[];
  /** Repositories of the organization on which the member has a permission of its own. */
  readonly directPermissions: number;
  /** Whether every of these memberships comes from a group of the identity provider. */
  readonly synced: boolean;
  /** When the first of these memberships began. */
  readonly since: Date;
}

/** People and robots who are in a team of an organization, by name. @throws NOT_FOUND, DENIED below admin */
export async function listMembers(ctx: Context, organizationName: string, page: PageInput): Promise<Page<Member>> {
  const organization = await requireOrganization(ctx, organizationName, 'admin');
  const rows = await keysetPage(ctx, TeamMembership, {
    // One membership stands for each member: the first.
    from: `team_memberships x join teams t on t.id = x.team_id left join users u on u.id = x.user_id
             left join namespaces n on n.id = u.namespace_id left join robots b on b.id = x.robot_id`,
    where: `t.organization_id = ? and not exists (
              select 1 from team_memberships e join teams et on et.id = e.team_id
                where et.organization_id = t.organization_id and e.id < x.id
                  and coalesce(e.user_id, e.robot_id) = coalesce(x.user_id, x.robot_id))`,
    parameters: [organization.id],
    order: [{ sql: 'coalesce(n.name, b.name)' }],
    page,
  });
  return { ...rows, items: await describeMembers(ctx, organization.id, rows.items) };
}

/** @param memberships one for each member, all of teams of the same organization */
export async function describeMembers(
  ctx: Context,
  organizationId: string,
  memberships: readonly TeamMembership[],
): Promise<Member[]> {
  await ctx.em.populate([...memberships], ['user', 'robot']);
  const users = memberships.flatMap(({ user }) => (user ? [user.id] : []));
  const robots = memberships.flatMap(({ robot }) => (robot ? [robot.id] : []));
  const all = await ctx.em.find(
    TeamMembership,
    { team: { organization: organizationId }, $or: [{ user: { $in: users } }, { robot: { $in: robots } }] },
    { populate: ['team'] },
  );
  const direct = await countDirect(ctx, organizationId, [...users, ...robots]);
  return memberships.map(({ user, robot }) => {
    const principal = user ?? robot;
    if (!principal) throw new Error('a membership has no member');
    const own = all.filter((one) => (one.user?.id ?? one.robot?.id) === principal.id);
    return {
      principal: principal,
      teams: own.map(({ team }) => team as Team).toSorted((one, other) => (one.name < other.name ? -1 : 1)),
      directPermissions: direct.get(principal.id) ?? 0,
      synced: own.every(({ synced }) => synced),
      since: new Date(Math.min(...own.map(({ createdAt }) => createdAt.getTime()))),
    };
  });
}

async function countDirect(
  ctx: Context,
  organizationId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map();
  const marks = ids.map(() => '?').join(', ');
  const rows = await ctx.em.execute<{ id: string; count: string }[]>(
    `select coalesce(p.user_id, p.robot_id) as id, count(*) as count
       from permissions p join repositories r on r.id = p.repository_id
       join organizations o on o.namespace_id = r.namespace_id
       where o.id = ? and r.deleted_at is null and (p.user_id in (${marks}) or p.robot_id in (${marks})) group by 1`,
    [organizationId, ...ids, ...ids],
  );
  return new Map(rows.map(({ id, count }) => [id, Number(count)]));
}

/** Somebody with permissions on repositories of an organization who is in none of its teams. */
export interface Collaborator {
  readonly user: User;
  readonly directPermissions: number;
}

/** People with a direct permission who are in no team, by name. @throws NOT_FOUND, DENIED below admin */
export async function listCollaborators(
  ctx: Context,
  organizationName: string,
  page: PageInput,
): Promise<Page<Collaborator>> {
  const organization = await requireOrganization(ctx, organizationName, 'admin');
  const found = await keysetPage(ctx, User, {
    from: 'users x join namespaces n on n.id = x.namespace_id',
    where: `exists (select 1 from permissions p join repositories r on r.id = p.repository_id
                      where r.namespace_id = ? and r.deleted_at is null and p.user_id = x.id)
            and not exists (select 1 from team_memberships m join teams t on t.id = m.team_id
                      where t.organization_id = ? and m.user_id = x.id)`,
    parameters: [organization.namespace.id, organization.id],
    order: [{ sql: 'n.name' }],
    page,
  });
  const direct = await countDirect(
    ctx,
    organization.id,
    found.items.map(({ id }) => id),
  );
  return { ...found, items: found.items.map((user) => ({ user, directPermissions: direct.get(user.id) ?? 0 })) };
}
