import { Namespace } from '@escale/schema/entities';
import { atLeast, roleFor, splitRepositoryName, teamAtLeast, type Scope } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { findAccessible } from './find-accessible.ts';
import { namespaceRole } from './namespace-role.ts';
import type { Grant } from './principal.ts';

/**
 * Narrows what a client asks for to what the principal may do now. Granting less is no error (Docker token protocol); a scope
 * of which nothing is left is not mentioned.
 */
export async function grantScopes(ctx: Context, scopes: readonly Scope[]): Promise<Grant[]> {
  const grants: Grant[] = [];
  for (const scope of scopes) {
    if (scope.kind !== 'repository') continue;
    const repository = await findAccessible(ctx, scope.name);
    if (!repository?.role) {
      // A first push: the grant is for the repository that this principal may create. One that exists and may not be seen takes the
      // same statements, so that the time of the answer does not tell it from a missing one.
      const actions = scope.actions.filter((action) => action !== 'delete');
      if (actions.includes('push') && (await mayCreateRepository(ctx, scope.name)) && !repository) {
        grants.push({ name: scope.name, actions });
      }
      continue;
    }
    const actions = scope.actions.filter((action) => atLeast(repository.role, roleFor[action]));
    if (actions.length > 0) grants.push({ name: scope.name, repositoryId: repository.id, actions });
  }
  return grants;
}

/** Creators and admins of an organization may; users in their own namespace; nobody else. */
export async function mayCreateRepository(ctx: Context, name: Extract<Scope, { kind: 'repository' }>['name']) {
  if (ctx.principal.kind === 'anonymous') return false;
  const namespace = await ctx.em.findOne(Namespace, {
    name: splitRepositoryName(name).namespace,
    deletedAt: null,
  });
  return namespace !== null && teamAtLeast(await namespaceRole(ctx, namespace.id), 'creator');
}
