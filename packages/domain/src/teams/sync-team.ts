import { PendingMembership, TeamMembership, type Team } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { optionalText } from '../inputs/optional-text.ts';
import { changeMembership } from '../namespaces/require-organization.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { teamOf } from './find-team.ts';

/**
 * Binds a team to a group of the identity provider, which governs its people from then on: whoever is in the group comes, and
 * whoever is not leaves, at the next sign-in, refresh or look at the groups. Robots stay with who administers the organization.
 * Without a group the binding ends, and its members stay.
 * @param input.group as the provider's claim writes it: `/platform/dev`; null ends the binding
 * @throws NOT_FOUND, DENIED below admin, INPUT_INVALID
 */
export async function syncTeam(
  ctx: Context,
  input: { organization: string; team: string; group?: string | null | undefined },
): Promise<Team> {
  const group = optionalText(input.group, 'group', 1024);
  const { organization: name } = input;
  return changeMembership(ctx, { organization: name, needed: 'admin' }, async (inner, organization) => {
    const team = await teamOf(inner, organization, input.team);
    const before = team.syncedGroup ?? null;
    if (before === group) return team;
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
