import { Namespace } from '@escale/schema/entities';
import { teamAtLeast, type TeamRole } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { denied, notFound, unauthorized } from '../errors.ts';
import { isAdministrator, principalName } from './principal.ts';

/** What the caller is in a namespace: admin of the own one; the highest of the own teams' roles in an organization. */
export async function namespaceRole(ctx: Context, namespaceId: string): Promise<TeamRole | undefined> {
  return (await namespaceRoles(ctx, [namespaceId])).get(namespaceId);
}

/** The same for many, in one statement; those in which the caller is nothing are left out. */
export async function namespaceRoles(
  ctx: Context,
  namespaceIds: readonly string[],
): Promise<ReadonlyMap<string, TeamRole>> {
  if (isAdministrator(ctx.principal)) return new Map(namespaceIds.map((id) => [id, 'admin']));
  return ownNamespaceRoles(ctx, namespaceIds);
}

/** The same, without what an administrator of the registry may do everywhere. */
export async function ownNamespaceRoles(
  { principal, em }: Context,
  namespaceIds: readonly string[],
): Promise<ReadonlyMap<string, TeamRole>> {
  if (principal.kind === 'anonymous' || principal.kind === 'system') return new Map();
  const roles = new Map<string, TeamRole>();
  const others = namespaceIds.filter((id) => {
    const isOwner = principal.kind === 'user' && principal.namespaceId === id;
    if (isOwner) roles.set(id, 'admin');
    return !isOwner;
  });
  if (others.length === 0) return roles;
  const member = principal.kind === 'user' ? 'user_id' : 'robot_id';
  const rows = await em.execute<{ namespace_id: string; role: TeamRole }[]>(
    `select o.namespace_id, t.role from organizations o join teams t on t.organization_id = o.id
       join team_memberships m on m.team_id = t.id
       where o.namespace_id in (${others.map(() => '?').join(', ')}) and m.${member} = ?`,
    [...others, principal.id],
  );
  for (const { namespace_id: id, role } of rows) if (!teamAtLeast(roles.get(id), role)) roles.set(id, role);
  return roles;
}

/**
 * The first line of every verb on a namespace.
 * @param field how the input calls the namespace
 * @throws UNAUTHORIZED without a sign-in, NOT_FOUND for a name that nobody has, DENIED below the needed role
 */
export async function requireNamespaceRole(
  ctx: Context,
  name: string,
  needed: TeamRole,
  field = 'namespace',
): Promise<Namespace> {
  if (ctx.principal.kind === 'anonymous') throw unauthorized('sign in first');
  const namespace = await ctx.em.findOne(Namespace, { name, deletedAt: null });
  if (!namespace) throw notFound(`the ${field} ${name.slice(0, 255)}`, field);
  if (teamAtLeast(await namespaceRole(ctx, namespace.id), needed)) return namespace;
  const who = principalName(ctx.principal);
  throw denied(
    namespace.kind === 'user'
      ? `${who} may not do this in ${name}: it is the personal namespace of ${name}`
      : `${who} may not do this in ${name}: it needs the team role ${needed}; an admin of ${name} can put ${who} into such a team`,
    { namespace: name, needed },
  );
}
