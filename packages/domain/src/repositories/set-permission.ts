import { Permission, Repository, Robot, Team, User } from '@escale/schema/entities';
import type { RepositoryRole } from '@escale/schema/values';
import type { AccessibleRepository } from '../access/find-accessible.ts';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { denied, inputInvalid, notFound } from '../errors.ts';
import { onConflict } from '../on-conflict.ts';
import { keysetPage, type Page, type PageInput } from '../page.ts';
import { recordUsage } from '../usage-logs/record.ts';

/** Exactly one of the three, by name: `alice`, `acme+ci`, a team of the repository's organization. */
export interface GranteeName {
  readonly user?: string | null | undefined;
  readonly robot?: string | null | undefined;
  readonly team?: string | null | undefined;
}

type Grantee = { readonly user: User } | { readonly robot: Robot } | { readonly team: Team };

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
    repository: repository.name,
    details: { ...said(input.grantee), role: input.role, before },
  });
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
    repository: repository.name,
    details: { ...said(input.grantee), before: permission.role },
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

async function findGrantee(ctx: Context, repository: AccessibleRepository, name: GranteeName): Promise<Grantee> {
  if (name.user) {
    const user = await ctx.em.findOne(User, { namespace: { name: name.user, kind: 'user' } });
    if (!user) throw notFound(`the user ${name.user.slice(0, 255)}`, 'grantee');
    if (user.namespace.id === repository.namespaceId) {
      throw inputInvalid('grantee', `${name.user} owns ${repository.namespace} and is always admin there`);
    }
    return { user };
  }
  if (name.robot) {
    const [namespace = '', short = ''] = name.robot.split('+');
    const robot = await ctx.em.findOne(Robot, { namespace: { name: namespace }, name: short });
    if (!robot || namespace !== repository.namespace) {
      throw notFound(`a robot ${name.robot.slice(0, 255)} of ${repository.namespace}`, 'grantee');
    }
    return { robot };
  }
  if (name.team) {
    const team = await ctx.em.findOne(Team, { name: name.team, organization: { namespace: repository.namespaceId } });
    if (!team) throw notFound(`the team ${name.team.slice(0, 255)} in ${repository.namespace}`, 'grantee');
    return { team };
  }
  throw inputInvalid('grantee', 'name a user, a robot or a team');
}

function said({ user, robot, team }: GranteeName): Record<string, string> {
  return { ...(user && { user }), ...(robot && { robot }), ...(team && { team }) };
}
