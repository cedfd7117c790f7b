import { Robot, RobotToken } from '@escale/schema/entities';
import { isWellFormedName, namespaceNameRule } from '@escale/schema/values';
import { requireNamespaceRole } from '../access/namespace-role.ts';
import type { Context } from '../context.ts';
import { createToken } from '../credentials/stored-secret.ts';
import { tokenExpiry } from '../credentials/token-lifetime.ts';
import { nameInvalid, robotExists } from '../errors.ts';
import { optionalText } from '../inputs/optional-text.ts';
import { onConflict } from '../on-conflict.ts';
import { recordUsage } from '../usage-logs/record.ts';

export interface NewRobot {
  readonly namespace: string;
  /** The short name. */
  readonly name: string;
  readonly description?: string | null | undefined;
  /** Of its first token. Null for never; left out: a year. */
  readonly expiresAt?: Date | null | undefined;
}

/** A robot together with the text of one of its tokens, which exists only in this answer. */
export interface ShownRobotToken {
  readonly robot: Robot;
  readonly plain: string;
}

/**
 * Adds a robot with a first token to a namespace. Sign-in uses the token's HMAC only; the sealed copy serves `revealRobotToken`.
 * @throws DENIED unless the caller administers the namespace, NAME_INVALID, ROBOT_EXISTS, INPUT_INVALID
 */
export async function createRobot(
  ctx: Context,
  input: NewRobot,
  options: { revealable: boolean } = { revealable: true },
): Promise<ShownRobotToken> {
  const namespace = await requireNamespaceRole(ctx, input.namespace, 'admin');
  if (!isWellFormedName(input.name)) throw nameInvalid(input.name, namespaceNameRule, 'name');
  const { plain, stored } = createToken(ctx.vault, 'rob', options);
  const description = optionalText(input.description, 'description', 255);
  const expiresAt = await tokenExpiry(ctx, 'robot', input.expiresAt);
  const robot = ctx.em.create(Robot, { namespace, name: input.name, description });
  ctx.em.create(RobotToken, { ...stored, robot, expiresAt });
  recordUsage(ctx, 'robot.created', { namespace: namespace.name, details: { robot: robot.login } });
  await onConflict(
    () => robotExists(robot.login),
    () => ctx.em.flush(),
  );
  return { robot, plain };
}
