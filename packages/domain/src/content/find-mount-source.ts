import type { Digest } from '@escale/schema/values';
import type { AccessibleRepository } from '../access/find-accessible.ts';
import { limitCovers } from '../access/require-role.ts';
import { visibleRepositories } from '../access/visible-repositories.ts';
import type { Context } from '../context.ts';
import { unauthorized } from '../errors.ts';

/**
 * A repository that links a blob and that the caller may pull, for mounting it without naming a source (end-11, T8). A registry
 * token that does not say `mount` on the target is searched no further than it reaches.
 * @returns its id; undefined when there is none that the caller could know of
 * @throws UNAUTHORIZED when a token that says so would reach further: clients then get one
 */
export async function findMountSource(
  ctx: Context,
  target: AccessibleRepository,
  digest: Digest,
): Promise<string | undefined> {
  const { principal } = ctx;
  if (principal.kind === 'system' || !principal.limit || limitCovers(principal, target, 'mount')) {
    return (await linkedIn(ctx, digest))[0]?.id;
  }
  const named = principal.limit.grants.filter(({ actions }) => actions.includes('pull')).map(({ name }) => name);
  const within = named.length === 0 ? [] : await linkedIn(ctx, digest, named);
  const source = within.find((repository) => limitCovers(principal, repository, 'pull'));
  if (source) return source.id;
  if ((await linkedIn(ctx, digest)).length > 0) {
    throw unauthorized(`the token does not cover mounting into ${target.name}`, { error: 'insufficient_scope' });
  }
  return undefined;
}

type Source = Pick<AccessibleRepository, 'id' | 'name' | 'createdBy' | 'createdAt'>;

async function linkedIn(ctx: Context, digest: Digest, names?: readonly string[]): Promise<Source[]> {
  const visible = visibleRepositories(ctx.principal);
  const rows = await ctx.em.execute<
    { id: string; name: Source['name']; created_by: string; created_at: Date | string }[]
  >(
    `select r.id, r.name, r.created_by, r.created_at from blobs b
       join repository_blobs l on l.blob_id = b.id join repositories r on r.id = l.repository_id
       where b.digest = ? and b.state = 'live' and ${visible.sql}
         ${names ? `and r.name in (${names.map(() => '?').join(', ')}) limit ${String(names.length)}` : 'limit 1'}`,
    [digest, ...visible.parameters, ...(names ?? [])],
  );
  return rows.map(({ id, name, created_by: createdBy, created_at }) => ({
    id,
    name,
    createdBy,
    createdAt: new Date(created_at),
  }));
}
