import type { Reference } from '@escale/schema/values';
import { referenceText } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { manifestUnknown } from '../errors.ts';
import { recordUsage } from '../usage-logs/record.ts';

/**
 * By tag: that tag only. By digest: the manifest and all its tags (end-9).
 * @throws MANIFEST_UNKNOWN
 */
export async function deleteManifest(
  ctx: Context,
  repository: { id: string; name: string },
  reference: Reference,
): Promise<void> {
  await ctx.em.transactional(async (em) => {
    const inner = { ...ctx, em };
    const gone =
      reference.kind === 'tag'
        ? await em.execute<unknown[]>(
            `update tags set ended_at = ? where repository_id = ? and name = ? and ended_at is null returning id`,
            [ctx.now, repository.id, reference.tag],
          )
        : await em.execute<unknown[]>(`delete from manifests where repository_id = ? and digest = ? returning id`, [
            repository.id,
            reference.digest,
          ]);
    if (gone.length === 0) throw manifestUnknown(referenceText(reference));
    if (reference.kind === 'tag')
      recordUsage(inner, 'tag.deleted', { repository: repository.name, tag: reference.tag });
    else recordUsage(inner, 'manifest.deleted', { repository: repository.name, digest: reference.digest });
    await em.flush();
    await ctx.faults?.('manifest.deleting');
  });
}
