import { PendingMembership, TeamMembership, type Organization, type Team } from '@escale/schema/entities';
import { isAdministrator } from '../access/principal.ts';
import type { Context } from '../context.ts';
import { denied, inputInvalid } from '../errors.ts';
import { allowsGroup, checkPatterns, hasDotSegment, mayBeSameGroup } from '../groups/allowed-groups.ts';
import { optionalText } from '../inputs/optional-text.ts';
import { changeMembership } from '../namespaces/require-organization.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { teamOf } from './find-team.ts';

/**
 * Binds a team to a group of the identity provider, which governs its people from then on: whoever is in the group comes, and
 * whoever is not leaves, at the next sign-in, refresh or look at the groups. Robots stay with who administers the organization.
 * Without a group the binding ends, and its members stay.
 * Which groups are allowed is decided for each organization by administrators of the registry. One of them may bind to any group,
 * which allows it from then on.
 * @param input.group as the provider's claim writes it: `/platform/dev`; null ends the binding
 * @param options.adminGroup its members administer the registry: only they may bind to it, whatever a pattern allows
 * @throws NOT_FOUND, DENIED below admin and for a group that is not allowed, INPUT_INVALID
 */
export async function syncTeam(
  ctx: Context,
  input: { organization: string; team: string; group?: string | null | undefined },
  { adminGroup }: { adminGroup?: string } = {},
): Promise<Team> {
  const group = optionalText(input.group, 'group', 1024);
  // A pattern is no group: an administrator's binding to one would allow all that begin so.
  if (group !== null && (hasDotSegment(group) || group.endsWith('*') || /\p{Cc}/u.test(group)))
    throw inputInvalid('group', 'a group is named by its full path at the identity provider, such as /platform/dev');
  const { organization: name } = input;
  return changeMembership(ctx, { organization: name, needed: 'admin' }, async (inner, organization) => {
    const team = await teamOf(inner, organization, input.team);
    const before = team.syncedGroup ?? null;
    if (before === group && (group === null || allowsGroup(organization.allowedGroups, group))) return team;
    if (group !== null) allow(inner, organization, group, adminGroup);
    team.syncedGroup = group;
    if (group === null) {
      await inner.em.nativeUpdate(TeamMembership, { team: team.id, synced: true }, { synced: false });
    } else {
      // They came from another group; whoever is in this one comes with it.
      await inner.em.nativeDelete(TeamMembership, { team: team.id, synced: true });
      // Whom people had added stays until the provider has said whether the group has them.
      await inner.em.nativeUpdate(TeamMembership, { team: team.id, user: { $ne: null } }, { synced: true });
      await inner.em.nativeDelete(PendingMembership, { team: team.id });
    }
    recordUsage(inner, 'team.sync_set', { namespace: name, details: { team: team.name, group, before } });
    return team;
  });
}

/** @throws DENIED for a group that is not allowed, to all but administrators of the registry, whose binding allows it */
function allow(ctx: Context, organization: Organization, group: string, adminGroup: string | undefined): void {
  const allowed = organization.allowedGroups ?? [];
  const byAdministrator = isAdministrator(ctx.principal);
  const isAdminGroup = adminGroup !== undefined && mayBeSameGroup(group, adminGroup);
  if (allowsGroup(allowed, group) && (!isAdminGroup || byAdministrator)) return;
  if (!byAdministrator) {
    const these = isAdminGroup || allowed.length === 0 ? '' : `; it may follow ${allowed.join(', ')}`;
    throw denied(
      `the organization ${organization.name} may not follow the group ${group}: an administrator of this registry must allow it first${these}`,
      { group },
    );
  }
  organization.allowedGroups = checkPatterns([...allowed, group]);
  recordUsage(ctx, 'organization.allowed_groups_changed', {
    namespace: organization.name,
    details: { before: allowed, after: organization.allowedGroups },
  });
}
