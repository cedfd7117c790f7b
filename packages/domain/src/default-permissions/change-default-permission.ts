import { DefaultPermission, User, type Robot } from '@escale/schema/entities';
import { isUuid, type RepositoryRole } from '@escale/schema/values';
import { namespaceRole } from '../access/namespace-role.ts';
import type { Context } from '../context.ts';
import { defaultPermissionExists, notFound } from '../errors.ts';
import { findGrantee, granteeWords, type GranteeName } from '../grantees/find-grantee.ts';
import { requireOrganization } from '../namespaces/require-organization.ts';
import { onConflict } from '../on-conflict.ts';
import { keysetPage, type Page, type PageInput } from '../page.ts';
import { findMember } from '../teams/find-member.ts';
import { recordUsage } from '../usage-logs/record.ts';
import type { Creator } from './applicable.ts';

export interface NewDefaultPermission {
  readonly organization: string;
  readonly grantee: GranteeName;
  readonly role: RepositoryRole;
  /** `alice`, or a robot of the organization: `acme+ci`; null for anyone. */
  readonly createdBy?: string | null | undefined;
}

/**
 * Adds a rule for repositories that are made from now on. Existing ones are not touched, see `applyDefaultPermissions`.
 * @throws NOT_FOUND, DENIED below admin, DEFAULT_PERMISSION_EXISTS for the same creator and grantee
 */
export async function createDefaultPermission(ctx: Context, input: NewDefaultPermission): Promise<DefaultPermission> {
  const organization = await requireOrganization(ctx, input.organization, 'admin');
  const within = { namespaceId: organization.namespace.id, namespace: organization.name };
  const grantee = await findGrantee(ctx, within, input.grantee);
  const creator = input.createdBy ? await findMember(ctx, organization, input.createdBy, 'createdBy') : undefined;
  const permission = ctx.em.create(DefaultPermission, {
    organization,
    role: input.role,
    ...grantee,
    ...(creator instanceof User ? { creatorUser: creator } : creator ? { creatorRobot: creator } : {}),
  });
  recordUsage(ctx, 'default_permission.created', {
    namespace: organization.name,
    details: { ...granteeWords(input.grantee), role: input.role, createdBy: input.createdBy ?? null },
  });
  await onConflict(defaultPermissionExists, () => ctx.em.flush());
  return permission;
}

/** Changes the role; repositories that exist keep what they got. @throws NOT_FOUND for what is not in an own organization (T5) */
export async function updateDefaultPermission(
  ctx: Context,
  { id, role }: { id: string; role: RepositoryRole },
): Promise<DefaultPermission> {
  const permission = await administered(ctx, id);
  const before = permission.role;
  permission.role = role;
  recordUsage(ctx, 'default_permission.updated', {
    namespace: permission.organization.namespace.name,
    details: { id, role, before },
  });
  await ctx.em.flush();
  return permission;
}

/** @throws NOT_FOUND as `updateDefaultPermission` */
export async function deleteDefaultPermission(ctx: Context, { id }: { id: string }): Promise<{ id: string }> {
  const permission = await administered(ctx, id);
  ctx.em.remove(permission);
  recordUsage(ctx, 'default_permission.deleted', {
    namespace: permission.organization.namespace.name,
    details: { id, role: permission.role },
  });
  await ctx.em.flush();
  return { id };
}

/** In the order in which they were made. @throws NOT_FOUND, DENIED below admin */
export async function listDefaultPermissions(
  ctx: Context,
  organizationName: string,
  page: PageInput,
): Promise<Page<DefaultPermission>> {
  const organization = await requireOrganization(ctx, organizationName, 'admin');
  const found = await keysetPage(ctx, DefaultPermission, {
    from: 'default_permissions x',
    where: 'x.organization_id = ?',
    parameters: [organization.id],
    order: [{ sql: 'x.created_at', cast: 'timestamptz' }],
    page,
  });
  await ctx.em.populate([...found.items], ['user', 'robot', 'team', 'creatorUser', 'creatorRobot']);
  return found;
}

async function administered(ctx: Context, id: string): Promise<DefaultPermission> {
  const found = isUuid(id)
    ? await ctx.em.findOne(
        DefaultPermission,
        { id, organization: { namespace: { deletedAt: null } } },
        { populate: ['organization', 'user', 'robot', 'team', 'creatorUser', 'creatorRobot'] },
      )
    : null;
  const role = found ? await namespaceRole(ctx, found.organization.namespace.id) : undefined;
  if (!found || role !== 'admin') throw notFound('this default permission', 'id');
  return found;
}

export function creatorOf(principal: User | Robot): Creator {
  return { kind: principal instanceof User ? 'user' : 'robot', id: principal.id };
}
