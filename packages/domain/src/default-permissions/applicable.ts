import { DefaultPermission, type Robot, type Team, type User } from '@escale/schema/entities';
import type { RepositoryRole } from '@escale/schema/values';
import type { Context } from '../context.ts';

/** A user or a robot who makes a repository, by the row. */
export interface Creator {
  readonly kind: 'user' | 'robot';
  readonly id: string;
}

/** A permission that a new repository gets. */
export interface FirstPermission {
  readonly grantee: User | Robot | Team;
  readonly role: RepositoryRole;
  /** The rule it comes from; absent for the creator's own. */
  readonly rule?: DefaultPermission;
}

/** Every default permission of an organization, with whom it names. */
export async function rulesOf(ctx: Context, organizationId: string): Promise<DefaultPermission[]> {
  return ctx.em.find(
    DefaultPermission,
    { organization: organizationId },
    { populate: ['user', 'robot', 'team', 'creatorUser', 'creatorRobot'], orderBy: { createdAt: 'asc', id: 'asc' } },
  );
}

/**
 * What rules give on a repository of this creator: for each grantee the rule that names the creator, else the one
 * for anyone; a specific read beats a general write. The creator is admin in any case, so rules for the creator give nothing.
 */
export function applicableRules(rules: readonly DefaultPermission[], creator: Creator | undefined): FirstPermission[] {
  const byGrantee = new Map<string, { specific: boolean; permission: FirstPermission }>();
  for (const rule of rules) {
    const namedCreator = rule.creatorUser ?? rule.creatorRobot;
    if (namedCreator && namedCreator.id !== creator?.id) continue;
    const grantee = granteeOf(rule);
    if (grantee.id === creator?.id) continue;
    const specific = namedCreator != null;
    if (!specific && byGrantee.get(grantee.id)?.specific) continue;
    byGrantee.set(grantee.id, { specific, permission: { grantee, role: rule.role, rule } });
  }
  return [...byGrantee.values()].map(({ permission }) => permission);
}

/** The one whom a row grants something. */
export function granteeOf(row: {
  readonly user?: object | null | undefined;
  readonly robot?: object | null | undefined;
  readonly team?: object | null | undefined;
}): User | Robot | Team {
  const grantee = row.user ?? row.robot ?? row.team;
  if (!grantee) throw new Error('a row has no grantee');
  return grantee as User | Robot | Team;
}
