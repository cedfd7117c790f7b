import type { Team } from '@escale/schema/entities';
import { Permission, RobotToken, TeamMembership, type Robot } from '@escale/schema/entities';
import { requireNamespaceRole } from '../access/namespace-role.ts';
import type { Context } from '../context.ts';
import { keysetPage, type Page, type PageInput } from '../page.ts';

/** Direct permissions of a robot, by the repository's name. @throws DENIED unless the caller administers its namespace */
export async function listRobotPermissions(ctx: Context, robot: Robot, page: PageInput): Promise<Page<Permission>> {
  await requireNamespaceRole(ctx, robot.namespace.name, 'admin');
  const found = await keysetPage(ctx, Permission, {
    from: 'permissions x join repositories r on r.id = x.repository_id',
    where: 'x.robot_id = ? and r.deleted_at is null',
    parameters: [robot.id],
    order: [{ sql: 'r.name' }],
    page,
  });
  await ctx.em.populate([...found.items], ['repository', 'robot']);
  return found;
}

/** The teams of each of these robots, all of one namespace. @throws DENIED unless the caller administers it */
export async function teamsOfRobots(ctx: Context, robots: readonly Robot[]): Promise<ReadonlyMap<string, Team[]>> {
  await requireAdmin(ctx, robots);
  const memberships = await ctx.em.find(
    TeamMembership,
    { robot: { $in: robots.map(({ id }) => id) } },
    { populate: ['team.organization'], orderBy: { team: { name: 'asc' } } },
  );
  return grouped(
    robots,
    memberships,
    ({ robot }) => robot?.id,
    ({ team }) => team as Team,
  );
}

/** The tokens of each of these robots without their secrets, the newest first. @throws as `teamsOfRobots` */
export async function tokensOfRobots(
  ctx: Context,
  robots: readonly Robot[],
): Promise<ReadonlyMap<string, RobotToken[]>> {
  await requireAdmin(ctx, robots);
  const tokens = await ctx.em.find(
    RobotToken,
    { robot: { $in: robots.map(({ id }) => id) } },
    { orderBy: { createdAt: 'desc', id: 'desc' } },
  );
  return grouped(
    robots,
    tokens,
    ({ robot }) => robot.id,
    (token) => token,
  );
}

/** When any token of each of these robots was last used; absent for never. */
export async function lastUseOfRobots(ctx: Context, robots: readonly Robot[]): Promise<ReadonlyMap<string, Date>> {
  if (robots.length === 0) return new Map();
  const rows = await ctx.em.execute<{ robot_id: string; at: Date | string }[]>(
    `select robot_id, max(last_used_at) as at from robot_tokens
       where last_used_at is not null and robot_id in (${robots.map(() => '?').join(', ')}) group by robot_id`,
    robots.map(({ id }) => id),
  );
  return new Map(rows.map(({ robot_id, at }) => [robot_id, new Date(at)]));
}

async function requireAdmin(ctx: Context, robots: readonly Robot[]): Promise<void> {
  for (const name of new Set(robots.map(({ namespace }) => namespace.name))) {
    await requireNamespaceRole(ctx, name, 'admin');
  }
}

function grouped<Row, Value>(
  robots: readonly Robot[],
  rows: readonly Row[],
  ownerOf: (row: Row) => string | undefined,
  valueOf: (row: Row) => Value,
): ReadonlyMap<string, Value[]> {
  const groups = new Map<string, Value[]>(robots.map(({ id }) => [id, []]));
  for (const row of rows) groups.get(ownerOf(row) ?? '')?.push(valueOf(row));
  return groups;
}
