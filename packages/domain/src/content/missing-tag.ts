import type { TagName } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { manifestUnknown, tagEnded } from '../errors.ts';
import { endOf, windowOf } from './kept-manifests.ts';

/**
 * What to answer to a pull of a tag that is not there: whether there was one, how it ended, and until when it can be restored.
 * The caller has checked the right to pull.
 */
export async function missingTag(ctx: Context, repository: { id: string }, tag: TagName): Promise<Error> {
  const [last] = await ctx.em.execute<{ ended: Date | string; expired: boolean; until: Date | string | null }[]>(
    `select ${endOf('t')} as ended, coalesce(${endOf('t')} >= t.expires_at, false) as expired,
            case when ${endOf('t')} + ${windowOf('n')} > now() then ${endOf('t')} + ${windowOf('n')} end as until
       from tags t join repositories r on r.id = t.repository_id join namespaces n on n.id = r.namespace_id
       where t.repository_id = ? and t.name = ? and ${endOf('t')} is not null order by t.started_at desc limit 1`,
    [repository.id, tag],
  );
  if (!last) return manifestUnknown(tag);
  return tagEnded(tag, {
    how: last.expired ? 'expired' : 'was deleted',
    at: new Date(last.ended),
    restorableUntil: last.until === null ? undefined : new Date(last.until),
  });
}
