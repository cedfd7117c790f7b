import { Organization } from '@escale/schema/entities';
import type { TeamRole } from '@escale/schema/values';
import { requireNamespaceRole } from '../access/namespace-role.ts';
import type { Context } from '../context.ts';
import { lastAdmin, notFound } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';

/**
 * The first line of every verb on an organization.
 * @throws UNAUTHORIZED, NOT_FOUND for a name that no organization has, DENIED below the needed team role
 */
export async function requireOrganization(ctx: Context, name: string, needed: TeamRole): Promise<Organization> {
  const namespace = await requireNamespaceRole(ctx, name, needed, 'organization');
  if (namespace.kind !== 'organization') throw notFound(`the organization ${name}`, 'organization');
  return ctx.em.findOneOrFail(Organization, { namespace: namespace.id });
}

/**
 * Changes who is in which team, or what teams are, with everybody else who would do the same waiting: rights are looked up and
 * admins are counted once nobody else can change them, so that two administrators who remove each other leave one.
 * @throws as `requireOrganization`; LAST_ADMIN when nobody would be left who administers the organization
 */
export async function changeMembership<T>(
  ctx: Context,
  { organization: name, needed }: { organization: string; needed: TeamRole },
  change: (inner: Context, organization: Organization) => Promise<T>,
): Promise<T> {
  await requireOrganization(ctx, name, needed);
  return inTransaction(
    ctx,
    async (inner) => {
      await inner.em.execute(
        `select o.id from organizations o join namespaces n on n.id = o.namespace_id where n.name = ? for no key update of o`,
        [name],
      );
      const organization = await requireOrganization(inner, name, needed);
      const before = await countAdmins(inner, organization.id);
      const result = await change(inner, organization);
      await inner.em.flush();
      if (before > 0 && (await countAdmins(inner, organization.id)) === 0) throw lastAdmin(name);
      return result;
    },
    { clear: true },
  );
}

/** People, not robots, who can sign in and are in a team that administers. */
async function countAdmins(ctx: Context, organizationId: string): Promise<number> {
  const rows = await ctx.em.execute<{ admins: string }[]>(
    `select count(distinct m.user_id) as admins
       from teams t join team_memberships m on m.team_id = t.id join users u on u.id = m.user_id
       where t.organization_id = ? and t.role = 'admin' and u.disabled_at is null and u.suspended_at is null`,
    [organizationId],
  );
  return Number(rows[0]?.admins);
}
