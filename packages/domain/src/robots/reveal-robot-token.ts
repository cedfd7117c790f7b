import { RobotToken } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { countReveal, requireFreshSignIn } from '../credentials/fresh-sign-in.ts';
import { revealToken } from '../credentials/stored-secret.ts';
import { notFound, tokenNotRevealable } from '../errors.ts';
import { isUuid } from '@escale/schema/values';
import { recordUsage } from '../usage-logs/record.ts';
import { administeredRobot } from './change-robot.ts';
import type { ShownRobotToken } from './create-robot.ts';

/**
 * Shows a robot's token again, the newest unless one is named; audited.
 * @throws DENIED unless the caller administers the namespace, NOT_FOUND, FRESH_SIGN_IN_REQUIRED, TOKEN_NOT_REVEALABLE, TOOMANYREQUESTS
 * beyond sixty in an hour (S4)
 */
export async function revealRobotToken(
  ctx: Context,
  { robot: login, token }: { robot: string; token?: string | null | undefined },
): Promise<ShownRobotToken> {
  const robot = await administeredRobot(ctx, login);
  requireFreshSignIn(ctx);
  if (token && !isUuid(token)) throw notFound('this token', 'token');
  const row = await ctx.em.findOne(
    RobotToken,
    { robot: robot.id, ...(token && { id: token }) },
    { orderBy: { createdAt: 'desc', id: 'desc' } },
  );
  if (!row) throw notFound('this token', 'token');
  if (!row.sealed) throw tokenNotRevealable();
  await countReveal(ctx);
  const plain = revealToken(ctx.vault, 'rob', { id: row.id, sealed: row.sealed });
  recordUsage(ctx, 'robot.token_revealed', {
    namespace: robot.namespace.name,
    details: { robot: robot.login, token: row.id },
  });
  await ctx.em.flush();
  return { robot, plain };
}
