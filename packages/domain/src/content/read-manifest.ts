import type { Digest, Reference } from '@escale/schema/values';
import { referenceText } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { manifestUnknown } from '../errors.ts';

/** A manifest as clients get it. */
export interface StoredManifest {
  readonly id: string;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly payload: Buffer;
}

/** Rows, not entities: this is the hottest read there is. @throws MANIFEST_UNKNOWN */
export async function readManifest(ctx: Context, repositoryId: string, reference: Reference): Promise<StoredManifest> {
  const rows = await ctx.em.execute<{ id: string; digest: Digest; media_type: string; payload: Buffer }[]>(
    reference.kind === 'tag'
      ? `select m.id, m.digest, m.media_type, m.payload from tags t join manifests m on m.id = t.manifest_id
           where t.repository_id = ? and t.name = ? and t.ended_at is null and (t.expires_at is null or t.expires_at > now())`
      : `select m.id, m.digest, m.media_type, m.payload from manifests m
           where m.repository_id = ? and m.digest = ? and m.deleted_at is null`,
    [repositoryId, reference.kind === 'tag' ? reference.tag : reference.digest],
  );
  const row = rows[0];
  if (!row) throw manifestUnknown(referenceText(reference));
  return { id: row.id, digest: row.digest, mediaType: row.media_type, payload: row.payload };
}
