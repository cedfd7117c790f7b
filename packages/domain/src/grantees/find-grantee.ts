import { Robot, Team, User } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { inputInvalid, notFound } from '../errors.ts';

/** Exactly one of the three, by name: `alice`, `acme+ci`, a team of the organization at hand. */
export interface GranteeName {
  readonly user?: string | null | undefined;
  readonly robot?: string | null | undefined;
  readonly team?: string | null | undefined;
}

/** As the rows of a permission hold a grantee: exactly one of the three. */
export type Grantee = { readonly user: User } | { readonly robot: Robot } | { readonly team: Team };

/**
 * Who a name means within a namespace: any user, but only this namespace's own robots and teams.
 * @throws NOT_FOUND, INPUT_INVALID when no kind is named, or for the owner of a personal namespace
 */
export async function findGrantee(
  ctx: Context,
  within: { readonly namespaceId: string; readonly namespace: string },
  name: GranteeName,
): Promise<Grantee> {
  if (name.user) {
    const user = await ctx.em.findOne(User, { namespace: { name: name.user, kind: 'user' } });
    if (!user) throw notFound(`the user ${name.user.slice(0, 255)}`, 'grantee');
    if (user.namespace.id === within.namespaceId) {
      throw inputInvalid('grantee', `${name.user} owns ${within.namespace} and is always admin there`);
    }
    return { user };
  }
  if (name.robot) {
    const [namespace = '', short = '', ...rest] = name.robot.split('+');
    const own = namespace === within.namespace && rest.length === 0;
    const robot = own ? await ctx.em.findOne(Robot, { namespace: within.namespaceId, name: short }) : null;
    if (!robot) throw notFound(`a robot ${name.robot.slice(0, 255)} of ${within.namespace}`, 'grantee');
    return { robot };
  }
  if (name.team) {
    const team = await ctx.em.findOne(Team, { name: name.team, organization: { namespace: within.namespaceId } });
    if (!team) throw notFound(`the team ${name.team.slice(0, 255)} in ${within.namespace}`, 'grantee');
    return { team };
  }
  throw inputInvalid('grantee', 'name a user, a robot or a team');
}

/** A grantee as the rows of a permission hold it. */
export function granteeColumn(grantee: User | Robot | Team): Grantee {
  if (grantee instanceof User) return { user: grantee };
  return grantee instanceof Robot ? { robot: grantee } : { team: grantee };
}

/** A grantee's name as usage logs keep it. */
export function granteeWords({ user, robot, team }: GranteeName): Record<string, string> {
  return { ...(user && { user }), ...(robot && { robot }), ...(team && { team }) };
}
