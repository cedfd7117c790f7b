import type { Robot } from '@escale/schema/entities';
import { requireNamespaceRole } from '../access/namespace-role.ts';
import type { Context } from '../context.ts';
import { optionalText } from '../inputs/optional-text.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { findRobot } from './find-robot.ts';

/** A robot, for one who administers its namespace. @throws UNAUTHORIZED, DENIED, NOT_FOUND */
export async function administeredRobot(ctx: Context, login: string): Promise<Robot> {
  await requireNamespaceRole(ctx, login.split('+')[0] ?? '', 'admin');
  return findRobot(ctx, login);
}

/** Changes the description. @throws DENIED unless the caller administers the namespace, NOT_FOUND, INPUT_INVALID */
export async function updateRobot(
  ctx: Context,
  { robot: login, description }: { robot: string; description?: string | null | undefined },
): Promise<Robot> {
  const robot = await administeredRobot(ctx, login);
  if (description !== undefined) {
    robot.description = optionalText(description, 'description', 255);
    recordUsage(ctx, 'robot.updated', { namespace: robot.namespace.name, details: { robot: robot.login } });
    await ctx.em.flush();
  }
  return robot;
}

/** Ends a robot with its tokens, permissions and memberships, at once. @throws as `updateRobot` */
export async function deleteRobot(ctx: Context, { robot: login }: { robot: string }): Promise<{ login: string }> {
  const robot = await administeredRobot(ctx, login);
  ctx.em.remove(robot);
  recordUsage(ctx, 'robot.deleted', { namespace: robot.namespace.name, details: { robot: login } });
  await ctx.em.flush();
  return { login };
}
