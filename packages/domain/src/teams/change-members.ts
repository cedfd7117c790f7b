import { TeamMembership, User, type Team } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { denied, memberExists, notFound } from '../errors.ts';
import { changeMembership } from '../namespaces/require-organization.ts';
import { onConflict } from '../on-conflict.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { findMember } from './find-member.ts';
import { teamOf } from './find-team.ts';

interface MemberInput {
  readonly organization: string;
  readonly team: string;
  /** `alice`, or a robot of the organization: `acme+ci`. */
  readonly member: string;
}

/**
 * Puts a user or a robot of the organization into a team.
 * @throws NOT_FOUND, DENIED below admin, and of a person when the team follows a group; MEMBER_EXISTS
 */
export async function addTeamMember(
  ctx: Context,
  { organization: name, team: teamName, member }: MemberInput,
): Promise<Team> {
  return changeMembership(ctx, { organization: name, needed: 'admin' }, async (inner, organization) => {
    const team = await teamOf(inner, organization, teamName);
    const principal = await findMember(inner, organization, member);
    const who = principal instanceof User ? { user: principal } : { robot: principal };
    if (principal instanceof User) refuseIfSynced(name, team);
    if (await inner.em.findOne(TeamMembership, { team: team.id, ...who })) throw memberExists(member, teamName);
    inner.em.create(TeamMembership, { team, ...who });
    recordUsage(inner, 'team.member_added', {
      namespace: name,
      details: { team: teamName, ...said(principal, member) },
    });
    await onConflict(
      () => memberExists(member, teamName),
      () => inner.em.flush(),
    );
    return team;
  });
}

/**
 * Takes a user or a robot out of a team; anybody may leave.
 * @throws NOT_FOUND, DENIED below admin unless it is the caller, or when the membership comes from the team's group; LAST_ADMIN
 */
export async function removeTeamMember(
  ctx: Context,
  { organization: name, team: teamName, member }: MemberInput,
): Promise<Team> {
  const leaving = ctx.principal.kind === 'user' && ctx.principal.name === member;
  const needed = leaving ? 'member' : 'admin';
  return changeMembership(ctx, { organization: name, needed }, async (inner, organization) => {
    const team = await teamOf(inner, organization, teamName);
    const principal = await findMember(inner, organization, member);
    const who = principal instanceof User ? { user: principal.id } : { robot: principal.id };
    const membership = await inner.em.findOne(TeamMembership, { team: team.id, ...who });
    if (!membership) throw notFound(`the member ${member.slice(0, 255)} in ${name}/${teamName}`, 'member');
    if (membership.synced) refuseIfSynced(name, team);
    inner.em.remove(membership);
    recordUsage(inner, 'team.member_removed', {
      namespace: name,
      details: { team: teamName, ...said(principal, member), ...(leaving && { left: true }) },
    });
    return team;
  });
}

/** The group alone says who is in a team that follows one. @throws DENIED */
export function refuseIfSynced(organization: string, { name, syncedGroup }: Team): void {
  if (!syncedGroup) return;
  throw denied(
    `the people of ${organization}/${name} are those of the group ${syncedGroup} of the identity provider: change the group there`,
    { group: syncedGroup },
  );
}

function said(principal: object, login: string): Record<string, string> {
  return principal instanceof User ? { user: login } : { robot: login };
}
