import { Organization } from '@escale/schema/entities';
import { teamAtLeast } from '@escale/schema/values';
import { namespaceRole } from '../access/namespace-role.ts';
import { principalName } from '../access/principal.ts';
import { requireNoImmutableRepositories } from '../content/require-no-immutable-tags.ts';
import type { Context } from '../context.ts';
import { denied, notConfirmed, notFound } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';
import { keysetPage, type Page, type PageInput } from '../page.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { requireUser } from '../users/require-user.ts';
import { requireOrganization } from './require-organization.ts';

/**
 * Deletes an organization with everything in it: nobody sees it any more, its robots cannot sign in, its name stays taken.
 * Until the undo window ends it can be restored as it was.
 * @param options.undoSeconds how long it can be restored
 * @throws NOT_FOUND, DENIED below admin, INPUT_INVALID unless the name is repeated, TAG_IMMUTABLE while a repository in it has
 * immutable tags (T13)
 */
export async function deleteOrganization(
  ctx: Context,
  { name, confirmName }: { name: string; confirmName: string },
  { undoSeconds }: { undoSeconds: number },
): Promise<Organization> {
  const organization = await requireOrganization(ctx, name, 'admin');
  if (confirmName !== name) throw notConfirmed(name);
  const { namespace } = organization;
  await requireNoImmutableRepositories(ctx, namespace);
  namespace.deletedAt = ctx.now;
  namespace.purgeAt = new Date(ctx.now.getTime() + undoSeconds * 1000);
  organization.deletedBy = principalName(ctx.principal);
  recordUsage(ctx, 'organization.deleted', {
    namespace: name,
    details: { restorableUntil: namespace.purgeAt.toISOString() },
  });
  await ctx.em.flush();
  return organization;
}

/** Brings a deleted organization back as it was. @throws NOT_FOUND unless the caller administered it and it is not yet purged */
export async function restoreOrganization(ctx: Context, { name }: { name: string }): Promise<Organization> {
  const organization = await ctx.em.findOne(Organization, { namespace: { name, deletedAt: { $ne: null } } });
  const role = organization ? await namespaceRole(ctx, organization.namespace.id) : undefined;
  if (!organization || !teamAtLeast(role, 'admin'))
    throw notFound(`a deleted organization ${name.slice(0, 255)}`, 'name');
  const restored = await inTransaction(ctx, async (inner) => {
    // The purge works on rows that it has locked: what it has begun with cannot be restored.
    const rows = await inner.em.execute<unknown[]>(
      `update namespaces set deleted_at = null, purge_at = null where id = ? and deleted_at is not null returning id`,
      [organization.namespace.id],
    );
    if (rows.length === 0) throw denied(`${name} is being restored or purged at this moment`);
    recordUsage(inner, 'organization.restored', { namespace: name });
    await inner.em.flush();
    return organization;
  });
  organization.deletedBy = null;
  await ctx.em.refresh(organization.namespace);
  await ctx.em.flush();
  return restored;
}

/** Deleted organizations that the caller administered, the latest first; all of them, for registry administrators. */
export async function listDeletedOrganizations(ctx: Context, page: PageInput): Promise<Page<Organization>> {
  const caller = requireUser(ctx);
  return keysetPage(ctx, Organization, {
    from: 'organizations x join namespaces n on n.id = x.namespace_id',
    where: `n.deleted_at is not null ${
      caller.isAdministrator
        ? ''
        : `and exists (select 1 from teams t join team_memberships m on m.team_id = t.id
             where t.organization_id = x.id and t.role = 'admin' and m.user_id = ?)`
    }`,
    parameters: caller.isAdministrator ? [] : [caller.id],
    order: [{ sql: 'n.deleted_at', descending: true, cast: 'timestamptz' }],
    page,
  });
}
