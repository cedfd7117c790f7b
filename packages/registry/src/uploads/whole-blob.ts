import { hash, randomUUID } from 'node:crypto';
import { algorithmOf, digestOf, isUuid, type Digest, type RepositoryName } from '@escale/schema/values';
import { linkBlob, linkWholeBlob } from '@escale/domain/content';
import { DomainError } from '@escale/domain/errors';
import { readWholeBody, type WholeBody } from '@escale/server-kit/read-body';
import { sourcesOf } from '../auth/sources.ts';
import type { OnRepository } from '../routing/exchange.ts';
import { blobKey } from '../storage/blob-keys.ts';
import { answerLinked, deleteSuperfluous } from './answer-linked.ts';

type OfRepository = OnRepository<{ kind: string; repository: RepositoryName }>;

/** Bytes of a body that is read before anything is done with it: an image's config, a small layer, a signature. */
const smallBody = 64 * 1024;

/**
 * Reads the body of a request that ends an upload, when it says that it is small and does not say where in the upload it belongs.
 * The caller releases it.
 * @returns undefined for any other; nothing was read of it then
 */
export async function readSmallBody({ ctx, http, services }: OfRepository): Promise<WholeBody | undefined> {
  const { 'content-length': announced, 'content-range': range } = http.headers;
  const length = Number(announced ?? 0);
  if (range !== undefined || !(length > 0 && length <= smallBody)) return undefined;
  return readWholeBody(http.req, { memory: services.bodyMemory, sources: sourcesOf(ctx), limit: smallBody });
}

/** The same body once more, for the way that every other takes. */
export async function* again({ content, interrupted }: WholeBody): AsyncGenerator<Buffer> {
  yield content;
  if (interrupted) throw interrupted;
}

/**
 * A blob that came whole in the only request of an upload: with nothing staged there is nothing to claim, to go on with or to
 * undo. An object of a generation of its own, then its row and the end of the upload in one statement.
 * @param upload that was begun before; undefined where the request that begins it brings the blob along
 * @returns false when these bytes are not the whole blob, or the upload is not one that they could be all of: then nothing has
 * happened, and the way of every other upload tells what is wrong
 */
export async function takeWholeBlob(
  exchange: OfRepository,
  { content, interrupted }: WholeBody,
  digest: Digest,
  upload?: string,
): Promise<boolean> {
  const { ctx, repository, services } = exchange;
  const algorithm = algorithmOf(digest);
  if (upload !== undefined && !isUuid(upload)) return false;
  if (interrupted || digestOf(algorithm, hash(algorithm, content)) !== digest) return false;
  const generation = randomUUID();
  const key = blobKey(digest, generation);
  await services.blobStore.put(key, content, digest);
  await ctx.faults?.('upload.committed');
  const bytes = { digest, size: content.length, storageKey: key };
  const linked = await (
    upload === undefined
      ? linkBlob(ctx, repository.id, generation, bytes)
      : linkWholeBlob(ctx, repository.id, upload, bytes)
  ).catch(async (error: unknown) => {
    // Refused, as opposed to a database of which nobody knows what it has done.
    if (error instanceof DomainError) await deleteSuperfluous(services, key);
    throw error;
  });
  if (!linked) {
    await deleteSuperfluous(services, key);
    return false;
  }
  services.recentConfigs.remember(digest, content);
  await answerLinked(exchange, digest, linked);
  return true;
}
