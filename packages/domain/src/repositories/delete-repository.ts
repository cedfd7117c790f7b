import { Repository } from '@escale/schema/entities';
import { parseRepositoryName } from '@escale/schema/values';
import { namespaceRole, requireNamespaceRole } from '../access/namespace-role.ts';
import { principalName } from '../access/principal.ts';
import { requireRole } from '../access/require-role.ts';
import { requireNoImmutableTags } from '../content/require-no-immutable-tags.ts';
import type { Context } from '../context.ts';
import { nameUnknown, notConfirmed, repositoryExists } from '../errors.ts';
import { onConflict } from '../on-conflict.ts';
import { keysetPage, type Page, type PageInput } from '../page.ts';
import { recordUsage } from '../usage-logs/record.ts';

/**
 * Deletes a repository with everything in it: it is gone at once, and its name is free. Until the undo window ends it can be
 * restored as it was.
 * @param options.undoSeconds how long it can be restored
 * @throws NAME_UNKNOWN, DENIED below admin, INPUT_INVALID unless the name is repeated, TAG_IMMUTABLE
 */
export async function deleteRepository(
  ctx: Context,
  input: { repository: string; confirmName: string },
  { undoSeconds }: { undoSeconds: number },
): Promise<Repository> {
  const { id, name } = await requireRole(ctx, input.repository, 'admin');
  if (input.confirmName !== name) throw notConfirmed(name);
  await requireNoImmutableTags(ctx, { id, name });
  const repository = await ctx.em.findOneOrFail(Repository, { id });
  repository.deletedAt = ctx.now;
  repository.deletedBy = principalName(ctx.principal);
  repository.purgeAt = new Date(ctx.now.getTime() + undoSeconds * 1000);
  recordUsage(ctx, 'repository.deleted', {
    repository,
    details: { restorableUntil: repository.purgeAt.toISOString() },
  });
  await ctx.em.flush();
  return repository;
}

/**
 * Brings the repository of this name that was deleted last back as it was.
 * @throws NAME_UNKNOWN unless the caller administers its namespace and it is not yet purged; REPOSITORY_EXISTS when another
 * repository has taken the name
 */
export async function restoreRepository(
  ctx: Context,
  { repository: text }: { repository: string },
): Promise<Repository> {
  const name = parseRepositoryName(text);
  const repository = name
    ? await ctx.em.findOne(
        Repository,
        { name, deletedAt: { $ne: null }, namespace: { deletedAt: null } },
        { orderBy: { deletedAt: 'desc' } },
      )
    : null;
  const role = repository ? await namespaceRole(ctx, repository.namespace.id) : undefined;
  if (!repository || role !== 'admin') throw nameUnknown(text);
  repository.deletedAt = null;
  repository.deletedBy = null;
  repository.purgeAt = null;
  recordUsage(ctx, 'repository.restored', { repository });
  await onConflict(
    () => repositoryExists(repository.name),
    () => ctx.em.flush(),
  );
  return repository;
}

/** Repositories of a namespace that can be restored, the latest deleted first. @throws DENIED unless its admin asks */
export async function listDeletedRepositories(
  ctx: Context,
  namespaceName: string,
  page: PageInput,
): Promise<Page<Repository>> {
  const namespace = await requireNamespaceRole(ctx, namespaceName, 'admin');
  return keysetPage(ctx, Repository, {
    from: 'repositories x',
    where: 'x.namespace_id = ? and x.deleted_at is not null',
    parameters: [namespace.id],
    order: [{ sql: 'x.deleted_at', descending: true, cast: 'timestamptz' }],
    page,
  });
}
