import { Organization } from '@escale/schema/entities';
import { requireAdministrator } from '../access/require-administrator.ts';
import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { checkPatterns } from '../groups/allowed-groups.ts';
import { recordUsage } from '../usage-logs/record.ts';

/**
 * Decides which groups of the identity provider the teams of an organization may follow. A team whose group is no longer allowed
 * keeps its people: nobody comes with the group any more, and whoever leaves the group leaves the team.
 * @param input.patterns replace the present ones, see `allowsGroup`; none allow no group
 * @throws DENIED to all but administrators, NOT_FOUND, INPUT_INVALID
 */
export async function allowGroups(
  ctx: Context,
  { organization: name, patterns: given }: { organization: string; patterns: readonly string[] },
): Promise<Organization> {
  requireAdministrator(ctx);
  const patterns = checkPatterns(given);
  const organization = await ctx.em.findOne(Organization, { namespace: { name, deletedAt: null } });
  if (!organization) throw notFound(`the organization ${name.slice(0, 255)}`, 'organization');
  const before = organization.allowedGroups ?? [];
  if (before.join('\n') === patterns.join('\n')) return organization;
  organization.allowedGroups = patterns;
  recordUsage(ctx, 'organization.allowed_groups_changed', { namespace: name, details: { before, after: patterns } });
  await ctx.em.flush();
  return organization;
}
