import { Team } from '@escale/schema/entities';
import { isWellFormedName, namespaceNameRule, type TeamRole } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { nameInvalid, teamExists } from '../errors.ts';
import { optionalText } from '../inputs/optional-text.ts';
import { changeMembership, requireOrganization } from '../namespaces/require-organization.ts';
import { onConflict } from '../on-conflict.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { teamOf } from './find-team.ts';

export interface NewTeam {
  readonly organization: string;
  readonly name: string;
  readonly role?: TeamRole | undefined;
  readonly description?: string | null | undefined;
}

/** @throws NOT_FOUND, DENIED below admin, NAME_INVALID, TEAM_EXISTS, INPUT_INVALID */
export async function createTeam(ctx: Context, input: NewTeam): Promise<Team> {
  const organization = await requireOrganization(ctx, input.organization, 'admin');
  if (!isWellFormedName(input.name)) throw nameInvalid(input.name, namespaceNameRule, 'name');
  const { name, role = 'member' } = input;
  const description = optionalText(input.description, 'description', 10_000);
  const team = ctx.em.create(Team, { organization, name, role, description });
  recordUsage(ctx, 'team.created', { namespace: organization.name, details: { team: name, role } });
  await onConflict(
    () => teamExists(name),
    () => ctx.em.flush(),
  );
  return team;
}

/**
 * Changes a team's role or description; what is left out stays.
 * @throws NOT_FOUND, DENIED below admin, LAST_ADMIN when nobody would be left who administers the organization
 */
export async function updateTeam(
  ctx: Context,
  input: {
    readonly organization: string;
    readonly team: string;
    readonly role?: TeamRole | null | undefined;
    readonly description?: string | null | undefined;
  },
): Promise<Team> {
  const { organization: name } = input;
  return changeMembership(ctx, { organization: name, needed: 'admin' }, async (inner, organization) => {
    const team = await teamOf(inner, organization, input.team);
    const role = { before: team.role, after: input.role ?? team.role };
    team.role = role.after;
    if (input.description !== undefined) {
      team.description = optionalText(input.description, 'description', 10_000);
    }
    recordUsage(inner, 'team.updated', {
      namespace: name,
      details: {
        team: team.name,
        ...(role.before !== role.after && { role: role.after, before: role.before }),
        ...(input.description !== undefined && { description: true }),
      },
    });
    return team;
  });
}

/** Deletes a team with its memberships, permissions and default permissions. @throws NOT_FOUND, DENIED, LAST_ADMIN */
export async function deleteTeam(
  ctx: Context,
  { organization: name, team: teamName }: { organization: string; team: string },
): Promise<{ organization: string; team: string }> {
  return changeMembership(ctx, { organization: name, needed: 'admin' }, async (inner, organization) => {
    const team = await teamOf(inner, organization, teamName);
    inner.em.remove(team);
    recordUsage(inner, 'team.deleted', { namespace: name, details: { team: teamName, role: team.role } });
    await inner.em.flush();
    return { organization: name, team: teamName };
  });
}
