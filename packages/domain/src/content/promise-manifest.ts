import type { Digest } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { manifestUnknown } from '../errors.ts';

/**
 * Keeps a manifest for at least five hours more, and everything it lists: whoever may push asks for it by digest in order not
 * to send it again, and will list it in an index (P2). Costs a write at most once an hour.
 * @throws MANIFEST_UNKNOWN when it went away since the caller saw it
 */
export async function promiseManifest(ctx: Context, repositoryId: string, digest: Digest): Promise<void> {
  for (const statement of [
    `select id from manifests where repository_id = ? and digest = ? and deleted_at is null
       and hold_until >= now() + interval '5 hours'`,
    `update manifests set hold_until = greatest(hold_until, now() + interval '6 hours')
       where repository_id = ? and digest = ? and deleted_at is null returning id`,
  ]) {
    const held = await ctx.em.execute<unknown[]>(statement, [repositoryId, digest]);
    if (held.length > 0) return;
  }
  throw manifestUnknown(digest);
}
