import { Organization, Team, TeamMembership, User } from '@escale/schema/entities';
import { requireAdministrator } from '../access/require-administrator.ts';
import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { requireUser } from '../users/require-user.ts';

/**
 * Puts the administrator into an admin team of an organization, in the open: for one whose admins are all gone.
 * @throws DENIED to all but administrators, NOT_FOUND
 */
export async function takeOverOrganization(
  ctx: Context,
  { organization: name }: { organization: string },
): Promise<Organization> {
  requireAdministrator(ctx);
  const { id } = requireUser(ctx);
  const organization = await ctx.em.findOne(Organization, { namespace: { name } });
  if (!organization) throw notFound(`the organization ${name.slice(0, 255)}`, 'organization');
  const teams = await ctx.em.find(Team, { organization: organization.id, role: 'admin' }, { orderBy: { name: 'asc' } });
  const team =
    teams.find((one) => one.name === 'owners') ??
    teams[0] ??
    ctx.em.create(Team, { organization, name: 'owners', role: 'admin' });
  const isMember =
    teams.length > 0 &&
    (await ctx.em.count(TeamMembership, { team: { $in: teams.map((one) => one.id) }, user: id })) > 0;
  if (isMember) return organization;
  ctx.em.create(TeamMembership, { team, user: ctx.em.getReference(User, id) });
  recordUsage(ctx, 'organization.taken_over', { namespace: name, details: { team: team.name } });
  await ctx.em.flush();
  return organization;
}
