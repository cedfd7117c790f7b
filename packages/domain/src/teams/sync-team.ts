import { Team, TeamMembership, type User } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { optionalText } from '../inputs/optional-text.ts';
import { changeMembership } from '../namespaces/require-organization.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { teamOf } from './find-team.ts';

/**
 * Binds a team to a group of the identity provider: whoever is in the group is in the team from the next sign-in on, and no
 * longer than that. Memberships that people made stay as they are. Without a group the binding ends, and its members stay.
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
      // They came from another group; whoever is in this one comes at the next sign-in.
      await inner.em.nativeDelete(TeamMembership, { team: team.id, synced: true });
    }
    recordUsage(inner, 'team.sync_set', { namespace: name, details: { team: team.name, group, before } });
    return team;
  });
}

/**
 * Makes the memberships that come from groups exactly those of these groups (T11): called at every sign-in, with everything
 * that the identity provider says now. Memberships that people made are not touched. The caller saves.
 */
export async function syncTeamsOfUser(ctx: Context, user: User, groups: readonly string[]): Promise<void> {
  const wanted = await ctx.em.find(
    Team,
    { syncedGroup: { $in: [...groups] }, organization: { namespace: { deletedAt: null } } },
    { populate: ['organization'] },
  );
  const current = await ctx.em.find(TeamMembership, { user: user.id }, { populate: ['team.organization'] });
  const note = (team: Team, change: 'joined' | 'left') => {
    recordUsage(ctx, 'team.synced', {
      namespace: team.organization.namespace.name,
      details: { team: team.name, user: user.username, group: team.syncedGroup, change },
    });
  };
  for (const membership of current) {
    if (!membership.synced || wanted.some(({ id }) => id === membership.team.id)) continue;
    ctx.em.remove(membership);
    note(membership.team, 'left');
  }
  for (const team of wanted) {
    if (current.some((membership) => membership.team.id === team.id)) continue;
    ctx.em.create(TeamMembership, { team, user, synced: true });
    note(team, 'joined');
  }
}
