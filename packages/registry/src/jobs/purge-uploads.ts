import type { Context } from '@escale/domain/context';
import { dropForsakenRepositories } from '@escale/domain/repositories';
import { dropUpload, expiredUploads, unknownUploads } from '@escale/domain/uploads';
import type { RegistryParts } from '../services.ts';

type Parts = Pick<RegistryParts, 'orm' | 'blobStore'>;

/** Milliseconds that a push may take from making its repository to its first upload there. */
const firstUploadWithin = 10 * 60 * 1000;

/** Milliseconds after which staged bytes without an upload are nobody's: their row was deleted with its repository. */
const abandonedAfter = 60 * 60 * 1000;

/**
 * Frees what uploads left behind that nobody went on with for a day, and removes repositories that pushes made and stored nothing
 * in.
 * @returns how many uploads
 */
export async function purgeUploads(parts: Parts): Promise<number> {
  const purged = (await purgeExpired(parts)) + (await purgeUnknown(parts));
  const olderThan = new Date(Date.now() - firstUploadWithin);
  while ((await dropForsakenRepositories(nobody(parts), olderThan)) > 0);
  return purged;
}

/** The product does it by itself. */
const nobody = ({ orm }: Parts): Omit<Context, 'vault'> => ({
  em: orm.em.fork(),
  principal: { kind: 'system', name: 'jobs' },
  now: new Date(),
  client: {},
});

/** Bytes first: a crash between leaves a row, which is found again. */
async function purgeExpired(parts: Parts): Promise<number> {
  const { orm, blobStore } = parts;
  for (let purged = 0; ;) {
    const expired = await expiredUploads({ em: orm.em.fork() });
    if (expired.length === 0) return purged;
    for (const upload of expired) {
      await blobStore.discard(upload);
      await dropUpload(nobody(parts), upload);
    }
    purged += expired.length;
  }
}

async function purgeUnknown({ orm, blobStore }: Parts): Promise<number> {
  let purged = 0;
  let old: string[] = [];
  const purge = async () => {
    const unknown = old.length === 0 ? [] : await unknownUploads({ em: orm.em.fork() }, old);
    for (const upload of unknown) await blobStore.discard(upload);
    purged += unknown.length;
    old = [];
  };
  for await (const { upload, modifiedAt } of blobStore.listStaged()) {
    if (Date.now() - modifiedAt.getTime() > abandonedAfter) old.push(upload);
    if (old.length === 500) await purge();
  }
  await purge();
  return purged;
}
