import {
  algorithmOf,
  atLeast,
  parseDigest,
  parseRepositoryName,
  type Digest,
  type RepositoryName,
} from '@escale/schema/values';
import { findAccessible, limitCovers } from '@escale/domain/access';
import { findMountSource, mountBlob as mount } from '@escale/domain/content';
import { unauthorized } from '@escale/domain/errors';
import { inRepository } from '../auth/in-repository.ts';
import type { OnRepository } from '../routing/exchange.ts';
import { beginUpload } from '../uploads/start-upload.ts';
import { created } from './created.ts';

type MountExchange = OnRepository<{
  kind: string;
  repository: RepositoryName;
  digest: string;
  from: string | undefined;
}>;

/**
 * Links a blob of another repository instead of sending it (end-11), one that the caller may pull: the one named by `from`, or
 * without it any. Whatever is missing, the answer is the same 202 with an upload, so that nothing is learnt about the source
 * (R20, R21, T8).
 */
export async function mountBlob(exchange: MountExchange): Promise<void> {
  const { ctx, request, http } = exchange;
  const digest = parseDigest(request.digest);
  const sourceId = digest && (await findSource(exchange, digest));
  const blob =
    sourceId && (await inRepository(exchange, ({ repository }) => mount(ctx, repository.id, digest, sourceId)));
  if (blob) created(http, request.repository, blob.digest);
  else await beginUpload(exchange, digest ? algorithmOf(digest) : 'sha256');
}

/**
 * @returns the id of the repository to mount from; undefined when the caller could know of none
 * @throws UNAUTHORIZED when only the token is too narrow: the challenge names the source, clients ask again
 */
async function findSource({ ctx, request, repository }: MountExchange, digest: Digest): Promise<string | undefined> {
  if (request.from === undefined) return findMountSource(ctx, repository, digest);
  const from = parseRepositoryName(request.from);
  const source = from && (await findAccessible(ctx, from));
  if (!source || !atLeast(source.role, 'read')) return undefined;
  if (limitCovers(ctx.principal, source, 'pull')) return source.id;
  throw unauthorized(`the token does not cover pull on ${source.name}`, { error: 'insufficient_scope' });
}
