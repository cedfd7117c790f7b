import { Organization, Permission, Repository, Robot, User, type Namespace } from '@escale/schema/entities';
import { parseRepositoryName, splitRepositoryName, type RepositoryName } from '@escale/schema/values';
import { findAccessible, type AccessibleRepository } from '../access/find-accessible.ts';
import { mayCreateRepository } from '../access/grant-scope.ts';
import { requireNamespaceRole } from '../access/namespace-role.ts';
import { principalKey } from '../access/principal.ts';
import { checkAction, mayNotCreate } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { applicableRules, rulesOf } from '../default-permissions/applicable.ts';
import { denied, DomainError, nameInvalid, repositoryExists, unauthorized } from '../errors.ts';
import { granteeColumn } from '../grantees/find-grantee.ts';
import { optionalText } from '../inputs/optional-text.ts';
import { onConflict } from '../on-conflict.ts';
import { recordUsage } from '../usage-logs/record.ts';

export interface NewRepository {
  /** `namespace/path`. */
  readonly name: string;
  readonly visibility?: 'private' | 'public' | undefined;
  readonly description?: string | null | undefined;
}

/**
 * Makes an empty repository; whoever makes it administers it, and an organization's default permissions are applied.
 * @throws NAME_INVALID, REPOSITORY_EXISTS, DENIED without the role creator in the namespace
 */
export async function createRepository(ctx: Context, input: NewRepository): Promise<Repository> {
  const name = parseRepositoryName(input.name);
  if (!name) {
    throw nameInvalid(
      input.name,
      'namespace/path in lower case, at most 255 characters, segments of letters and digits joined by . _ __ or -',
      'name',
    );
  }
  const namespace = await requireNamespaceRole(ctx, splitRepositoryName(name).namespace, 'creator');
  const repository = await addRepository(ctx, namespace, name, input);
  await onConflict(
    () => repositoryExists(name),
    () => ctx.em.flush(),
  );
  return repository;
}

/** A repository to push to. */
export interface PushedRepository extends AccessibleRepository {
  /** This push has made it: where the push stores nothing, it goes again (`dropIfProvisional`). */
  readonly made?: boolean;
}

/**
 * The repository of a push: an existing one that the caller may push to, or a new private one if the caller may create it.
 * Two first pushes at once make one repository. A new one is provisional: it goes when nothing comes to be stored in it.
 * @param existing as it was found with the caller's right to it
 * @throws as `requireAction`; DENIED also where it does not exist, or may not be seen, and the caller may not create it
 */
export async function repositoryForPush(
  ctx: Context,
  name: RepositoryName,
  existing: AccessibleRepository | undefined,
): Promise<PushedRepository> {
  let repository = existing;
  let made = false;
  // Looked up also for one that exists and may not be seen: the time of a refusal does not tell it from a missing one.
  const mayCreate = existing?.role === undefined && (await mayCreateRepository(ctx, name));
  if (!existing && mayCreate) {
    if (!mayStart(ctx, name)) {
      throw unauthorized(`the token does not cover push on ${name}`, { error: 'insufficient_scope' });
    }
    // Another push may make it at this moment, and may take it away again when it stores nothing.
    for (let tries = 1; !repository && tries <= 10; tries += 1) {
      made = await makeForPush(ctx, name);
      repository = await findAccessible(ctx, name);
    }
  }
  if (!repository?.role && ctx.principal.kind !== 'anonymous') throw denied(mayNotCreate(ctx.principal, name));
  const checked = await checkAction(ctx, name, repository, 'push');
  return made ? { ...checked, made } : checked;
}

/** @returns false when somebody else was quicker */
async function makeForPush(ctx: Context, name: RepositoryName): Promise<boolean> {
  const inner = { ...ctx, em: ctx.em.fork() };
  const namespace = await requireNamespaceRole(inner, splitRepositoryName(name).namespace, 'creator');
  await addRepository(inner, namespace, name, { provisional: true });
  try {
    await onConflict(
      () => repositoryExists(name),
      () => inner.em.flush(),
    );
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'REPOSITORY_EXISTS') return false;
    throw error;
  }
}

/**
 * The repository of a question that is asked before the first push as well, where "there is none yet" would mislead the client.
 * @param existing as it was found with the caller's right to it
 * @returns undefined for one that does not exist and that the caller may create
 * @throws as `requireAction` for pull
 */
export async function repositoryOrItsPlace(
  ctx: Context,
  name: RepositoryName,
  existing: AccessibleRepository | undefined,
): Promise<AccessibleRepository | undefined> {
  const mayCreate = existing?.role === undefined && (await mayCreateRepository(ctx, name));
  if (!existing && mayCreate) return undefined;
  return checkAction(ctx, name, existing, 'pull');
}

/** A registry token must have been issued for creating exactly this name. */
function mayStart({ principal }: Context, name: RepositoryName): boolean {
  if (principal.kind === 'system' || !principal.limit) return true;
  return principal.limit.grants.some(
    (grant) => grant.name === name && grant.repositoryId === undefined && grant.actions.includes('push'),
  );
}

/** With what default permissions give; the creator is admin in any case. */
async function addRepository(
  ctx: Context,
  namespace: Namespace,
  name: RepositoryName,
  {
    visibility = 'private',
    description,
    provisional = false,
  }: Omit<NewRepository, 'name'> & { readonly provisional?: boolean },
): Promise<Repository> {
  const repository = ctx.em.create(Repository, {
    namespace,
    name,
    visibility,
    description: optionalText(description, 'description', 50_000),
    createdBy: principalKey(ctx.principal),
    provisional,
  });
  const { principal } = ctx;
  if (principal.kind === 'robot') {
    ctx.em.create(Permission, { repository, role: 'admin', robot: ctx.em.getReference(Robot, principal.id) });
  } else if (principal.kind === 'user' && principal.namespaceId !== namespace.id) {
    ctx.em.create(Permission, { repository, role: 'admin', user: ctx.em.getReference(User, principal.id) });
  }
  if (namespace.kind === 'organization') {
    for (const { grantee, role } of await firstPermissions(ctx, namespace)) {
      ctx.em.create(Permission, { repository, role, ...granteeColumn(grantee) });
    }
  }
  recordUsage(ctx, 'repository.created', { repository, details: { visibility } });
  return repository;
}

/** What the organization's default permissions give on a repository that the caller makes now. */
async function firstPermissions(ctx: Context, namespace: Namespace) {
  const { principal } = ctx;
  if (principal.kind !== 'user' && principal.kind !== 'robot') return [];
  const organization = await ctx.em.findOneOrFail(Organization, { namespace: namespace.id });
  return applicableRules(await rulesOf(ctx, organization.id), principal);
}
