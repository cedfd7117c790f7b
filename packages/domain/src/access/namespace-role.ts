import { Namespace } from '@escale/schema/entities';
import { teamAtLeast, type TeamRole } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { denied, notFound, unauthorized } from '../errors.ts';
import { principalName } from './principal.ts';

/** What the caller is in a namespace: admin of the own one; the highest of the own teams' roles in an organization. */
export async function namespaceRole(ctx: Context, namespaceId: string): Promise<TeamRole | undefined> {
  const { principal } = ctx;
  if (principal.kind === 'system') return 'admin';
  if (principal.kind === 'anonymous') return undefined;
  if (principal.kind === 'user' && (principal.isAdministrator || principal.namespaceId === namespaceId)) return 'admin';
  const member = principal.kind === 'user' ? 'user_id' : 'robot_id';
  const rows = await ctx.em.execute<{ role: TeamRole }[]>(
    `select t.role from organizations o join teams t on t.organization_id = o.id
       join team_memberships m on m.team_id = t.id where o.namespace_id = ? and m.${member} = ?`,
    [namespaceId, principal.id],
  );
  let best: TeamRole | undefined;
  for (const { role } of rows) if (!teamAtLeast(best, role)) best = role;
  return best;
}

/**
 * The first line of every verb on a namespace.
 * @throws UNAUTHORIZED without a sign-in, NOT_FOUND for a name that nobody has, DENIED below the needed role
 */
export async function requireNamespaceRole(ctx: Context, name: string, needed: TeamRole): Promise<Namespace> {
  if (ctx.principal.kind === 'anonymous') throw unauthorized('sign in first');
  const namespace = await ctx.em.findOne(Namespace, { name, deletedAt: null });
  if (!namespace) throw notFound(`the namespace ${name.slice(0, 255)}`, 'namespace');
  if (teamAtLeast(await namespaceRole(ctx, namespace.id), needed)) return namespace;
  const who = principalName(ctx.principal);
  throw denied(
    namespace.kind === 'user'
      ? `${who} may not do this in ${name}: it is the personal namespace of ${name}`
      : `${who} may not do this in ${name}: it needs the team role ${needed}; an admin of ${name} can put ${who} into such a team`,
    { namespace: name, needed },
  );
}
