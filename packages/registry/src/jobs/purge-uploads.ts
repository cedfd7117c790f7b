import { dropExpiredUploads } from '@escale/domain/uploads';
import type { RegistryParts } from '../services.ts';

/** Frees what uploads left behind that nobody went on with for a day. @returns how many */
export async function purgeUploads({ orm, blobStore }: Pick<RegistryParts, 'orm' | 'blobStore'>): Promise<number> {
  let purged = 0;
  for (;;) {
    const expired = await dropExpiredUploads({ em: orm.em.fork() });
    if (expired.length === 0) return purged;
    for (const upload of expired) await blobStore.discard(upload);
    purged += expired.length;
  }
}
