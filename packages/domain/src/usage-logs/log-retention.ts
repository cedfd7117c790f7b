import { Organization } from '@escale/schema/entities';
import { requireNamespaceRole } from '../access/namespace-role.ts';
import type { Context } from '../context.ts';
import { inputInvalid, notFound } from '../errors.ts';
import { recordUsage } from './record.ts';

/** Ten years. */
const longest = 3650;

/**
 * Says for how many days an organization's usage logs are kept; null: as long as the registry keeps them.
 * @throws DENIED unless the caller administers the organization, NOT_FOUND, INPUT_INVALID with field `days`
 */
export async function setLogRetention(
  ctx: Context,
  input: { readonly organization: string; readonly days?: number | null | undefined },
): Promise<Organization> {
  const namespace = await requireNamespaceRole(ctx, input.organization, 'admin');
  const organization = await ctx.em.findOne(Organization, { namespace: namespace.id });
  if (!organization) throw notFound(`the organization ${input.organization.slice(0, 255)}`, 'organization');
  const before = organization.logRetentionDays ?? null;
  organization.logRetentionDays = checkRetention(input.days, 'days');
  recordUsage(ctx, 'organization.log_retention_changed', {
    namespace: namespace.name,
    details: { before, after: organization.logRetentionDays },
  });
  await ctx.em.flush();
  return organization;
}

/** @returns null for "for ever". @throws INPUT_INVALID outside 1 to 3650 */
export function checkRetention(days: number | null | undefined, field: string): number | null {
  if (days === null || days === undefined) return null;
  if (!Number.isInteger(days) || days < 1 || days > longest)
    throw inputInvalid(field, `usage logs are kept for 1 to ${String(longest)} days, or without an end`);
  return days;
}
