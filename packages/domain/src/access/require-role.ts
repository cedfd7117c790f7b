import {
  atLeast,
  roleFor,
  type RepositoryAction,
  type RepositoryName,
  type RepositoryRole,
} from '@escale/schema/values';
import type { Context } from '../context.ts';
import { authenticationRequired, denied, nameUnknown, unauthorized } from '../errors.ts';
import { findAccessible, type AccessibleRepository } from './find-accessible.ts';
import { principalKey, principalName, type Principal } from './principal.ts';

/**
 * The first line of every verb on a repository that a registry client asks for.
 * @throws UNAUTHORIZED where other credentials (or a token with more in it) would help, NAME_UNKNOWN for what may not be seen,
 * DENIED with the missing right and who could grant it, to those who may know that the repository exists (T27)
 */
export async function requireAction(
  ctx: Context,
  name: RepositoryName,
  action: RepositoryAction,
): Promise<AccessibleRepository> {
  const repository = await findAccessible(ctx, name);
  return checkAction(ctx, name, repository, action);
}

/** The same for a repository already looked up, which may be absent. */
export async function checkAction(
  ctx: Context,
  name: RepositoryName,
  repository: AccessibleRepository | undefined,
  action: RepositoryAction,
): Promise<AccessibleRepository> {
  const { principal } = ctx;
  const needed = roleFor[action];
  if (!repository || !atLeast(repository.role, needed)) {
    if (principal.kind === 'anonymous') throw authenticationRequired();
    if (repository?.role !== undefined) throw await missingRight(ctx, repository, needed, action);
    // Private and missing look the same. Only a push that could make a repository speaks of that (`repositoryForPush`).
    throw nameUnknown(name);
  }
  if (!limitCovers(principal, repository, action)) {
    throw unauthorized(`the token does not cover ${action} on ${name}`, { error: 'insufficient_scope' });
  }
  return repository;
}

/** Whether `checkAction` would let it pass. */
export function mayAct(principal: Principal, repository: AccessibleRepository, action: RepositoryAction): boolean {
  return atLeast(repository.role, roleFor[action]) && limitCovers(principal, repository, action);
}

/** The first line of every verb on a repository in management. @throws NAME_UNKNOWN, DENIED, UNAUTHORIZED */
export async function requireRole(ctx: Context, name: string, needed: RepositoryRole): Promise<AccessibleRepository> {
  const repository = await findAccessible(ctx, name as RepositoryName);
  if (!repository?.role) throw nameUnknown(name);
  if (atLeast(repository.role, needed)) return repository;
  if (ctx.principal.kind === 'anonymous') throw unauthorized('sign in first');
  throw await missingRight(ctx, repository, needed, 'this');
}

/** The first line of listing repositories to a registry client. @throws UNAUTHORIZED for a token that is for something else */
export function requireCatalog({ principal }: Context): void {
  if (principal.kind === 'system' || !principal.limit || principal.limit.catalog) return;
  throw unauthorized('the token does not cover the list of repositories', { error: 'insufficient_scope' });
}

/** Whether a registry token, where one limits the principal, has this action on this repository (T2, T4). */
export function limitCovers(
  principal: Principal,
  repository: Pick<AccessibleRepository, 'id' | 'name' | 'createdBy' | 'createdAt'>,
  action: RepositoryAction,
): boolean {
  if (principal.kind === 'system' || !principal.limit) return true;
  const { grants, issuedAt } = principal.limit;
  return grants.some(
    (grant) =>
      grant.actions.includes(action) &&
      (grant.repositoryId === undefined
        ? grant.name === repository.name &&
          repository.createdBy === principalKey(principal) &&
          repository.createdAt.getTime() >= issuedAt.getTime()
        : grant.repositoryId === repository.id),
  );
}

/** Why a push is refused that would have to make its repository; says the same of a private one. */
export function mayNotCreate(principal: Principal, name: RepositoryName): string {
  const namespace = name.slice(0, name.indexOf('/'));
  return (
    `${principalName(principal)} may not push to ${name}: the repository does not exist or is not visible, and creating ` +
    `one in ${namespace} needs the team role creator or admin there (or the namespace's owner)`
  );
}

async function missingRight(
  ctx: Context,
  repository: AccessibleRepository,
  needed: RepositoryRole,
  action: RepositoryAction | 'this',
): Promise<Error> {
  const who = principalName(ctx.principal);
  const grantableBy = await whoCanGrant(ctx, repository);
  const has = repository.role ?? 'no right';
  const doing = action === 'this' ? 'do this' : action;
  const by = grantableBy.length > 0 ? `; ${grantableBy.join(', ')} can grant it` : '';
  return denied(`${who} may not ${doing} on ${repository.name}: it needs ${needed}, ${who} has ${has}${by}`, {
    repository: repository.name,
    missing: needed,
    grantableBy,
  });
}

/**
 * User names of at most five people who administer a repository: its owner, its admins, its organization's admins.
 * @returns nobody for callers who did not sign in: a public repository does not make public who administers it
 */
export async function whoCanGrant(
  ctx: Context,
  repository: Pick<AccessibleRepository, 'id' | 'namespaceId'>,
): Promise<string[]> {
  if (ctx.principal.kind === 'anonymous') return [];
  const rows = await ctx.em.execute<{ name: string }[]>(
    `select distinct n.name from users u join namespaces n on n.id = u.namespace_id where u.disabled_at is null and u.suspended_at is null and (
       u.namespace_id = ?
       or exists (select 1 from permissions p where p.repository_id = ? and p.role = 'admin' and p.user_id = u.id)
       or exists (select 1 from organizations o join teams t on t.organization_id = o.id
                    join team_memberships m on m.team_id = t.id
                    where o.namespace_id = ? and t.role = 'admin' and m.user_id = u.id))
     order by n.name limit 5`,
    [repository.namespaceId, repository.id, repository.namespaceId],
  );
  return rows.map((row) => row.name);
}
