import { Permission, Repository } from '@escale/schema/entities';
import { parseRepositoryName, type RepositoryRole } from '@escale/schema/values';
import { requireNamespaceRole } from '../access/namespace-role.ts';
import type { Context } from '../context.ts';
import { denied, inputInvalid, nameUnknown } from '../errors.ts';
import { findGrantee, granteeWords, type GranteeName } from '../grantees/find-grantee.ts';
import { onConflict } from '../on-conflict.ts';
import { recordUsage } from '../usage-logs/record.ts';

const limit = 500;

export interface GranteePermissions {
  readonly organization: string;
  readonly grantee: GranteeName;
  /** Each repository once; null takes the permission. */
  readonly permissions: readonly { readonly repository: string; readonly role?: RepositoryRole | null | undefined }[];
}

/**
 * Sets what one grantee may do on many repositories of an organization in one act: all of it or nothing. Repositories that are
 * not named stay as they are.
 * @returns how many permissions changed
 * @throws NOT_FOUND, DENIED below admin of the organization, NAME_UNKNOWN for a repository that is not one of it
 */
export async function setGranteePermissions(ctx: Context, input: GranteePermissions): Promise<number> {
  const namespace = await requireNamespaceRole(ctx, input.organization, 'admin', 'organization');
  const names = input.permissions.map(({ repository }) => repository);
  if (names.length > limit) throw inputInvalid('permissions', `at most ${String(limit)} repositories at once`);
  if (new Set(names).size < names.length) throw inputInvalid('permissions', 'each repository may be named once');
  const within = { namespaceId: namespace.id, namespace: namespace.name };
  const grantee = await findGrantee(ctx, within, input.grantee);
  const repositories = await ctx.em.find(Repository, {
    namespace: namespace.id,
    deletedAt: null,
    name: { $in: names.flatMap((name) => parseRepositoryName(name) ?? []) },
  });
  const byName = new Map<string, Repository>(repositories.map((repository) => [repository.name, repository]));
  const held = await ctx.em.find(Permission, { repository: { $in: repositories.map(({ id }) => id) }, ...grantee });
  const byRepository = new Map(held.map((permission) => [permission.repository.id, permission]));
  let changed = 0;
  for (const { repository: name, role } of input.permissions) {
    const repository = byName.get(name);
    // Of another namespace or of none: the two look alike.
    if (!repository) throw nameUnknown(name);
    const permission = byRepository.get(repository.id);
    const before = permission?.role;
    if ((role ?? undefined) === before) continue;
    if (!role && permission) ctx.em.remove(permission);
    else if (role && permission) permission.role = role;
    else if (role) ctx.em.create(Permission, { repository, role, ...grantee });
    recordUsage(ctx, role ? 'repository.permission_set' : 'repository.permission_removed', {
      repository,
      details: { ...granteeWords(input.grantee), ...(role && { role }), before: before ?? null },
    });
    repository.provisional = false;
    changed += 1;
  }
  await onConflict(
    () => denied('somebody else changed these permissions at the same moment; look again'),
    () => ctx.em.flush(),
  );
  return changed;
}
