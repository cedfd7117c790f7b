import { Robot, TeamMembership, User, type Organization, type Team } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { denied, notFound } from '../errors.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { findMember } from '../teams/find-member.ts';
import { changeMembership } from './require-organization.ts';

/**
 * Takes somebody out of an organization: every team of it, every permission of its own on its repositories. Anybody may leave.
 * @param input.member `alice`, or a robot of the organization: `acme+ci`
 * @throws NOT_FOUND, DENIED below admin unless it is the caller or when groups of the identity provider
 * keep the member in a team, LAST_ADMIN
 */
export async function removeOrganizationMember(
  ctx: Context,
  { organization: name, member }: { organization: string; member: string },
): Promise<{ organization: string; member: string }> {
  const leaving = ctx.principal.kind === 'user' && ctx.principal.name === member;
  return changeMembership(
    ctx,
    { organization: name, needed: leaving ? 'member' : 'admin' },
    async (inner, organization) => {
      const principal = await findMember(inner, organization, member);
      await refuseIfFromGroups(inner, organization, { principal, member });
      const column = principal instanceof User ? 'user_id' : 'robot_id';
      const memberships = await inner.em.execute<unknown[]>(
        `delete from team_memberships m using teams t
           where t.id = m.team_id and t.organization_id = ? and m.${column} = ? returning m.id`,
        [organization.id, principal.id],
      );
      const permissions = await inner.em.execute<unknown[]>(
        `delete from permissions p using repositories r
           where r.id = p.repository_id and r.namespace_id = ? and p.${column} = ? returning p.id`,
        [organization.namespace.id, principal.id],
      );
      if (memberships.length + permissions.length === 0) throw notFound(`the member ${member.slice(0, 255)}`, 'member');
      recordUsage(inner, 'organization.member_removed', {
        namespace: name,
        details: {
          [principal instanceof Robot ? 'robot' : 'user']: member,
          teams: memberships.length,
          permissions: permissions.length,
          ...(leaving && { left: true }),
        },
      });
      return { organization: name, member };
    },
  );
}

/** Out of a team that follows a group, the group alone takes somebody: else the next look would bring the member back. */
async function refuseIfFromGroups(
  { em }: Context,
  organization: Organization,
  { principal, member }: { principal: User | Robot; member: string },
): Promise<void> {
  const synced = await em.find(
    TeamMembership,
    { synced: true, user: principal.id, team: { organization: organization.id, syncedGroup: { $ne: null } } },
    { populate: ['team'] },
  );
  if (synced.length === 0) return;
  const groups = synced.map(({ team }) => (team as Team).syncedGroup).toSorted();
  throw denied(`${member} is in teams here by ${groups.join(', ')} of the identity provider: change the groups there`);
}
