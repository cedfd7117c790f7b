import { Robot } from '@escale/schema/entities';
import { requireNamespaceRole } from '../access/namespace-role.ts';
import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { keysetPage, type Page, type PageInput } from '../page.ts';

/** @param login `namespace+name`. @throws NOT_FOUND, DENIED for one who is no member of the namespace */
export async function findRobot(ctx: Context, login: string): Promise<Robot> {
  const [namespace = '', name = ''] = login.split('+');
  const robot = await findRobotOf(ctx, namespace, name);
  if (!robot) throw notFound(`the robot ${login.slice(0, 255)}`, 'robot');
  return robot;
}

/** The same by its two names. @throws DENIED for one who is no member of the namespace */
export async function findRobotOf(ctx: Context, namespaceName: string, name: string): Promise<Robot | undefined> {
  const namespace = await requireNamespaceRole(ctx, namespaceName, 'member');
  return (await ctx.em.findOne(Robot, { namespace: namespace.id, name })) ?? undefined;
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
