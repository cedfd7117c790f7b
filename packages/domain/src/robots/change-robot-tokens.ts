import { RobotToken, type Robot } from '@escale/schema/entities';
import { isUuid } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { createToken } from '../credentials/stored-secret.ts';
import { inputInvalid, notFound } from '../errors.ts';
import { tokenExpiry } from '../credentials/token-lifetime.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { administeredRobot } from './change-robot.ts';
import type { ShownRobotToken } from './create-robot.ts';

/** Tokens of one robot that may be alive at once. */
const liveTokens = 5;
/** The longest time for which a replaced token goes on, in seconds: 30 days. */
const longestOverlap = 30 * 24 * 3600;

/**
 * Gives a robot one more token; the others stay.
 * @throws DENIED unless the caller administers the namespace, NOT_FOUND, INPUT_INVALID with five live tokens
 * already
 */
export async function createRobotToken(
  ctx: Context,
  { robot: login, expiresAt }: { robot: string; expiresAt?: Date | null | undefined },
  options: { revealable: boolean } = { revealable: true },
): Promise<ShownRobotToken> {
  return withTokens(ctx, login, (inner, robot, live) => {
    if (live.length >= liveTokens) throw tooMany(login);
    return addToken(inner, robot, { expiresAt, kind: 'robot.token_created', details: {} }, options);
  });
}

/**
 * Replaces a robot's live tokens, or one of them, by a new one. The replaced ones go on for the overlap, in which pipelines can
 * be changed over; without an overlap they end at once.
 * @param input.overlapSeconds 0 to 30 days
 * @throws as `createRobotToken`
 */
export async function rotateRobotToken(
  ctx: Context,
  input: {
    readonly robot: string;
    readonly token?: string | null | undefined;
    readonly overlapSeconds?: number | null | undefined;
    readonly expiresAt?: Date | null | undefined;
  },
  options: { revealable: boolean } = { revealable: true },
): Promise<ShownRobotToken> {
  const overlap = input.overlapSeconds ?? 0;
  if (overlap < 0 || overlap > longestOverlap) {
    throw inputInvalid('overlapSeconds', `the overlap must be between 0 and ${String(longestOverlap)} seconds`);
  }
  return withTokens(ctx, input.robot, (inner, robot, live) => {
    const replaced = input.token ? live.filter(({ id }) => id === input.token) : live;
    if (input.token && replaced.length === 0) throw notFound('this token', 'token');
    const until = new Date(ctx.now.getTime() + overlap * 1000);
    if (overlap > 0 && live.length >= liveTokens) throw tooMany(input.robot);
    for (const token of replaced) {
      if (overlap === 0) inner.em.remove(token);
      else if (!token.expiresAt || token.expiresAt > until) token.expiresAt = until;
    }
    const details = { replaced: replaced.length, ...(overlap > 0 && { until: until.toISOString() }) };
    return addToken(inner, robot, { expiresAt: input.expiresAt, kind: 'robot.token_rotated', details }, options);
  });
}

/** Ends one token of a robot at once, running registry tokens included. @throws DENIED, NOT_FOUND */
export async function revokeRobotToken(
  ctx: Context,
  { robot: login, token: id }: { robot: string; token: string },
): Promise<{ robot: Robot; token: string }> {
  const robot = await administeredRobot(ctx, login);
  const token = isUuid(id) ? await ctx.em.findOne(RobotToken, { id, robot: robot.id }) : null;
  if (!token) throw notFound('this token', 'token');
  ctx.em.remove(token);
  recordUsage(ctx, 'robot.token_revoked', { namespace: robot.namespace.name, details: { robot: login, token: id } });
  await ctx.em.flush();
  return { robot, token: id };
}

/** Changes a robot's tokens while nobody else does: the count of live ones must hold. */
async function withTokens(
  ctx: Context,
  login: string,
  change: (inner: Context, robot: Robot, live: readonly RobotToken[]) => Promise<ShownRobotToken>,
): Promise<ShownRobotToken> {
  const { id } = await administeredRobot(ctx, login);
  return inTransaction(
    ctx,
    async (inner) => {
      await inner.em.execute('select id from robots where id = ? for no key update', [id]);
      const robot = await administeredRobot(inner, login);
      const tokens = await inner.em.find(RobotToken, { robot: robot.id });
      const shown = await change(
        inner,
        robot,
        tokens.filter(({ expiresAt }) => !expiresAt || expiresAt > inner.now),
      );
      await inner.em.flush();
      return shown;
    },
    { clear: true },
  );
}

async function addToken(
  ctx: Context,
  robot: Robot,
  {
    expiresAt,
    kind,
    details,
  }: {
    expiresAt: Date | null | undefined;
    kind: 'robot.token_created' | 'robot.token_rotated';
    details: Record<string, unknown>;
  },
  options: { revealable: boolean },
): Promise<ShownRobotToken> {
  const { plain, stored } = createToken(ctx.vault, 'rob', options);
  ctx.em.create(RobotToken, { ...stored, robot, expiresAt: await tokenExpiry(ctx, 'robot', expiresAt) });
  recordUsage(ctx, kind, {
    namespace: robot.namespace.name,
    details: { robot: robot.login, token: stored.id, ...details },
  });
  return { robot, plain };
}

const tooMany = (login: string) =>
  inputInvalid('robot', `${login} has ${String(liveTokens)} live tokens; revoke one first`);
