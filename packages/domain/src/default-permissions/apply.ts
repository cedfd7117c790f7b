import { createHash } from 'node:crypto';
import { Permission, Repository, type Organization, type Robot, type Team, type User } from '@escale/schema/entities';
import { atLeast, type RepositoryRole } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { preconditionFailed } from '../errors.ts';
import { granteeColumn } from '../grantees/find-grantee.ts';
import { requireOrganization } from '../namespaces/require-organization.ts';
import { onConflict } from '../on-conflict.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { applicableRules, rulesOf, type Creator } from './applicable.ts';

/** One permission that applying would add, or raise. */
export interface AppliedPermission {
  readonly repository: Repository;
  readonly grantee: User | Robot | Team;
  readonly role: RepositoryRole;
  /** What the grantee has of its own there now. */
  readonly before: RepositoryRole | undefined;
}

export interface Applied {
  readonly changes: readonly AppliedPermission[];
  /** Names exactly these changes; applying takes it, and refuses when they are no longer the same. */
  readonly effect: string;
  readonly applied: boolean;
}

/**
 * Gives existing repositories what the default permissions would have given them. Adds what is missing and raises what is lower;
 * never lowers or takes anything. Without `effect` nothing is done and the changes are listed; with the `effect` of such a list
 * exactly those changes are made.
 * @throws NOT_FOUND, DENIED below admin; PRECONDITION_FAILED when the changes are others by now
 */
export async function applyDefaultPermissions(
  ctx: Context,
  { organization: name, effect }: { organization: string; effect?: string | null | undefined },
): Promise<Applied> {
  const organization = await requireOrganization(ctx, name, 'admin');
  const changes = await changesOf(ctx, organization);
  const now = effectOf(changes);
  if (!effect) return { changes, effect: now, applied: false };
  if (effect !== now) {
    throw preconditionFailed(
      'repositories, permissions or default permissions changed meanwhile; look at the list again',
    );
  }
  for (const { repository, grantee, role, before } of changes) {
    const who = granteeColumn(grantee);
    const existing = before ? await ctx.em.findOne(Permission, { repository: repository.id, ...who }) : null;
    if (existing) existing.role = role;
    else ctx.em.create(Permission, { repository, role, ...who });
    recordUsage(ctx, 'default_permission.applied', {
      repository,
      details: { grantee: grantee.id, role, before: before ?? null },
    });
  }
  await onConflict(
    () => preconditionFailed('somebody else changed permissions at the same moment; look at the list again'),
    () => ctx.em.flush(),
  );
  return { changes, effect: now, applied: true };
}

async function changesOf(ctx: Context, organization: Organization): Promise<AppliedPermission[]> {
  const rules = await rulesOf(ctx, organization.id);
  if (rules.length === 0) return [];
  const repositories = await ctx.em.find(
    Repository,
    { namespace: organization.namespace.id, deletedAt: null },
    { orderBy: { name: 'asc' } },
  );
  const rows = await ctx.em.execute<{ repository_id: string; grantee: string; role: RepositoryRole }[]>(
    `select p.repository_id, coalesce(p.user_id, p.robot_id, p.team_id) as grantee, p.role
       from permissions p join repositories r on r.id = p.repository_id where r.namespace_id = ? and r.deleted_at is null`,
    [organization.namespace.id],
  );
  const held = new Map(rows.map((row) => [`${row.repository_id} ${row.grantee}`, row.role]));
  return repositories.flatMap((repository) =>
    applicableRules(rules, creatorOf(repository)).flatMap(({ grantee, role }) => {
      const before = held.get(`${repository.id} ${grantee.id}`);
      return atLeast(before, role) ? [] : [{ repository, grantee, role, before }];
    }),
  );
}

/** `user:<id>` or `robot:<id>`, as a repository remembers who made it. */
function creatorOf({ createdBy }: Repository): Creator | undefined {
  const [kind, id] = createdBy.split(':');
  return (kind === 'user' || kind === 'robot') && id !== undefined ? { kind, id } : undefined;
}

function effectOf(changes: readonly AppliedPermission[]): string {
  const hash = createHash('sha256');
  for (const { repository, grantee, role, before } of changes) {
    hash.update(`${repository.id} ${grantee.id} ${role} ${before ?? ''}\n`);
  }
  return hash.digest('base64url');
}
