import { Robot, Team, User } from '@escale/schema/entities';
import { atLeast, highestRole, parseRepositoryName, roleFor, type RepositoryRole } from '@escale/schema/values';
import { as, type Context } from '../context.ts';
import { denied, inputInvalid, nameUnknown, notFound } from '../errors.ts';
import { findAccessible, type ExplainedRepository, type AccessReason } from './find-accessible.ts';
import type { Principal } from './principal.ts';
import { whoCanGrant } from './require-role.ts';

/** What people ask about; `administer` is all that needs the role admin. */
export type ExplainedAction = keyof typeof roleFor | 'administer';

/** Why a grantee may, or may not, do something on a repository. */
export interface AccessExplanation {
  readonly allowed: boolean;
  /** The highest of the reasons; undefined when there is none. */
  readonly role: RepositoryRole | undefined;
  readonly because: readonly AccessReason[];
  /** The role that would be needed; absent when allowed. */
  readonly missing?: string;
  /** User names of people who can grant it; empty when allowed, when no grant would help, and for callers who did not sign in. */
  readonly grantableBy: readonly string[];
}

/** Exactly one of the three, by name; nobody named means the caller. */
export interface ExplainedGrantee {
  readonly user?: string | null | undefined;
  readonly robot?: string | null | undefined;
  readonly team?: string | null | undefined;
}

/**
 * Explains by the same rule that decides. Anybody who sees a repository may ask for oneself; for others, its admins.
 * @throws NAME_UNKNOWN for what does not exist or may not be seen (the two look alike), DENIED when asking for others,
 * NOT_FOUND with field `grantee`
 */
export async function explainAccess(
  ctx: Context,
  input: { repository: string; action: ExplainedAction; grantee?: ExplainedGrantee | null | undefined },
): Promise<AccessExplanation> {
  const name = parseRepositoryName(input.repository);
  const own = name && (await findAccessible(ctx, name));
  if (!own?.role) throw nameUnknown(input.repository);
  if (!input.grantee) return explain(ctx, own, input.action);
  if (!atLeast(own.role, 'admin'))
    throw denied(`only admins of ${own.name} may ask about the rights of others there`, { missing: 'admin' });
  const { user, robot, team } = input.grantee;
  if (user) return explainUser(ctx, own, input.action, user);
  if (robot) {
    const [namespace = '', short = ''] = robot.split('+');
    const found = await ctx.em.findOne(Robot, { namespace: { name: namespace }, name: short });
    // Robots of other namespaces are nothing that an admin of this one may learn of.
    if (!found || namespace !== own.namespace) throw notFound(`the robot ${robot.slice(0, 255)}`, 'grantee');
    const credential = { kind: 'robot-token' } as const;
    return explainOther(ctx, own, input.action, {
      kind: 'robot',
      id: found.id,
      namespaceId: found.namespace.id,
      name: found.login,
      credential,
    });
  }
  if (!team) throw inputInvalid('grantee', 'name a user, a robot or a team');
  const found = await ctx.em.findOne(Team, { name: team, organization: { namespace: own.namespaceId } });
  if (!found) throw notFound(`the team ${team.slice(0, 255)} in ${own.namespace}`, 'grantee');
  return explainTeam(ctx, own, input.action, found);
}

/** Why the caller may or may not, once the repository and the caller's role there are known. */
async function explain(
  ctx: Context,
  repository: ExplainedRepository,
  action: ExplainedAction,
): Promise<AccessExplanation> {
  const { role, reasons } = repository;
  const needed = neededRole(action);
  if (atLeast(role, needed)) return { allowed: true, role, because: reasons, grantableBy: [] };
  const grantableBy = await whoCanGrant(ctx, repository);
  return { allowed: false, role, because: reasons, missing: needed, grantableBy };
}

async function explainOther(
  ctx: Context,
  { name }: ExplainedRepository,
  action: ExplainedAction,
  principal: Principal,
): Promise<AccessExplanation> {
  const theirs = await findAccessible(as(ctx, principal), name);
  if (!theirs) throw nameUnknown(name);
  return explain(ctx, theirs, action);
}

async function explainUser(
  ctx: Context,
  repository: ExplainedRepository,
  action: ExplainedAction,
  username: string,
): Promise<AccessExplanation> {
  const user = await ctx.em.findOne(User, { namespace: { name: username, kind: 'user' } });
  if (!user) throw notFound(`the user ${username.slice(0, 255)}`, 'grantee');
  if (user.disabledAt)
    return { allowed: false, role: undefined, because: [], missing: 'the user is disabled', grantableBy: [] };
  if (user.suspendedAt)
    return {
      allowed: false,
      role: undefined,
      because: [],
      missing: 'the identity provider no longer lets the user sign in',
      grantableBy: [],
    };
  return explainOther(ctx, repository, action, {
    kind: 'user',
    id: user.id,
    namespaceId: user.namespace.id,
    name: user.username,
    isAdministrator: user.isAdministrator,
    credential: { kind: 'session' },
  });
}

/** What a team gives to each of its members. */
async function explainTeam(
  ctx: Context,
  repository: ExplainedRepository,
  action: ExplainedAction,
  team: Team,
): Promise<AccessExplanation> {
  const through = `${repository.namespace}/${team.name}`;
  const granted = await ctx.em.execute<{ role: RepositoryRole }[]>(
    'select role from permissions where repository_id = ? and team_id = ?',
    [repository.id, team.id],
  );
  const reasons: AccessReason[] = granted.map(({ role }) => ({ kind: 'TEAM', role, through }));
  if (team.role === 'admin') reasons.push({ kind: 'ORGANIZATION_ADMIN', role: 'admin', through });
  if (repository.visibility === 'public') reasons.push({ kind: 'PUBLIC', role: 'read' });
  return explain(ctx, { ...repository, reasons, role: highestRole(reasons.map(({ role }) => role)) }, action);
}

/** The role that an action needs. */
export function neededRole(action: ExplainedAction): RepositoryRole {
  return action === 'administer' ? 'admin' : roleFor[action];
}
