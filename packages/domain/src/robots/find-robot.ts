import { Robot, RobotToken } from '@escale/schema/entities';
import { requireNamespaceRole } from '../access/namespace-role.ts';
import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { keysetPage, type Page, type PageInput } from '../page.ts';

/** @param login `namespace+name`. @throws NOT_FOUND, also for one who is no member of the namespace */
export async function findRobot(ctx: Context, login: string): Promise<Robot> {
  const [namespace = '', name = ''] = login.split('+');
  await requireNamespaceRole(ctx, namespace, 'member');
  const robot = await ctx.em.findOne(Robot, { namespace: { name: namespace }, name });
  if (!robot) throw notFound(`the robot ${login.slice(0, 255)}`, 'robot');
  return robot;
}

/** By name; members see robots, only admins their tokens. @throws DENIED for others */
export async function listRobots(ctx: Context, namespaceName: string, page: PageInput): Promise<Page<Robot>> {
  const namespace = await requireNamespaceRole(ctx, namespaceName, 'member');
  return keysetPage(ctx, Robot, {
    from: 'robots x',
    where: 'x.namespace_id = ?',
    parameters: [namespace.id],
    order: [{ sql: 'x.name' }],
    page,
  });
}

/** A robot's tokens, the newest first, without their secrets. @throws DENIED unless the caller administers the namespace */
export async function robotTokens(ctx: Context, robot: Robot): Promise<RobotToken[]> {
  await requireNamespaceRole(ctx, robot.namespace.name, 'admin');
  return ctx.em.find(RobotToken, { robot: robot.id }, { orderBy: { createdAt: 'desc', id: 'desc' } });
}
