import type { Context } from '../context.ts';
import { requireOrganization } from '../namespaces/require-organization.ts';
import { findMember } from '../teams/find-member.ts';
import { applicableRules, rulesOf, type FirstPermission } from './applicable.ts';
import { creatorOf } from './change-default-permission.ts';

/**
 * What a repository would start with if this user or robot made it now; the creator's own permission comes first.
 * @param createdBy `alice` or `acme+ci`
 * @throws NOT_FOUND, DENIED below admin
 */
export async function previewDefaultPermissions(
  ctx: Context,
  { organization: name, createdBy }: { organization: string; createdBy: string },
): Promise<FirstPermission[]> {
  const organization = await requireOrganization(ctx, name, 'admin');
  const creator = await findMember(ctx, organization, createdBy, 'createdBy');
  const rules = await rulesOf(ctx, organization.id);
  return [{ grantee: creator, role: 'admin' }, ...applicableRules(rules, creatorOf(creator))];
}
