import { Permission, Repository } from '@escale/schema/entities';
import type { RepositoryRole } from '@escale/schema/values';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { denied, notFound } from '../errors.ts';
import { findGrantee, granteeWords, type GranteeName } from '../grantees/find-grantee.ts';
import { onConflict } from '../on-conflict.ts';
import { keysetPage, type Page, type PageInput } from '../page.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { keepProvisional } from './provisional.ts';

/** Gives a grantee a role on a repository, or changes it. @throws NAME_UNKNOWN, DENIED below admin, NOT_FOUND for the grantee */
export async function setPermission(
  ctx: Context,
  input: { repository: string; grantee: GranteeName; role: RepositoryRole },
): Promise<Permission> {
  const repository = await requireRole(ctx, input.repository, 'admin');
  const grantee = await findGrantee(ctx, repository, input.grantee);
  const where = { repository: repository.id, ...grantee };
  const permission =
    (await ctx.em.findOne(Permission, where)) ??
    ctx.em.create(Permission, {
      repository: ctx.em.getReference(Repository, repository.id),
      role: input.role,
      ...grantee,
    });
  const before = permission.role;
  permission.role = input.role;
  recordUsage(ctx, 'repository.permission_set', {
    repository,
    details: { ...granteeWords(input.grantee), role: input.role, before },
  });
  await keepProvisional(ctx, repository.id);
  await onConflict(
    () => denied('somebody else changed this permission at the same moment; look again'),
    () => ctx.em.flush(),
  );
  return permission;
}

/** @throws NAME_UNKNOWN, DENIED below admin, NOT_FOUND when the grantee has no direct permission */
export async function removePermission(
  ctx: Context,
  input: { repository: string; grantee: GranteeName },
): Promise<Repository> {
  const repository = await requireRole(ctx, input.repository, 'admin');
  const grantee = await findGrantee(ctx, repository, input.grantee);
  const permission = await ctx.em.findOne(Permission, { repository: repository.id, ...grantee });
  if (!permission) throw notFound('this permission', 'grantee');
  ctx.em.remove(permission);
  recordUsage(ctx, 'repository.permission_removed', {
    repository,
    details: { ...granteeWords(input.grantee), before: permission.role },
  });
  await ctx.em.flush();
  return ctx.em.findOneOrFail(Repository, { id: repository.id });
}

/** The direct permissions, in the order in which they were given. @throws NAME_UNKNOWN, DENIED below admin */
export async function listPermissions(ctx: Context, name: string, page: PageInput): Promise<Page<Permission>> {
  const repository = await requireRole(ctx, name, 'admin');
  const permissions = await keysetPage(ctx, Permission, {
    from: 'permissions x',
    where: 'x.repository_id = ?',
    parameters: [repository.id],
    order: [{ sql: 'x.created_at', cast: 'timestamptz' }],
    page,
  });
  await ctx.em.populate([...permissions.items], ['user', 'robot', 'team', 'repository']);
  return permissions;
}
