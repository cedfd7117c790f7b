import { isUuid } from '@escale/schema/values';
import type { Context } from '../context.ts';

/** The channel on which processes say how far an upload has come while its bytes are still arriving. */
export const uploadChannel = 'escale_uploads';

/** How far an upload has come. */
export interface UploadProgress {
  readonly repositoryId: string;
  readonly uploadId: string;
  /** Bytes of it that have arrived. */
  readonly bytes: number;
}

/** Says so to whoever follows; what is not heard is lost, and the next one says more. */
export async function announceUpload(
  { em }: Pick<Context, 'em'>,
  { uploadId, bytes }: Omit<UploadProgress, 'repositoryId'>,
): Promise<void> {
  await em.execute(
    `select pg_notify(?, u.repository_id || ' ' || u.id || ' ' || ?) from upload_sessions u where u.id = ?`,
    [uploadChannel, String(bytes), uploadId],
  );
}

/** @returns undefined for what is no such announcement */
export function readUploadProgress(payload: string): UploadProgress | undefined {
  const [repositoryId = '', uploadId = '', bytes = ''] = payload.split(' ');
  if (!isUuid(repositoryId) || !isUuid(uploadId) || !/^\d{1,16}$/.test(bytes)) return undefined;
  return { repositoryId, uploadId, bytes: Number(bytes) };
}
