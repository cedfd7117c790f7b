import { executePrepared } from '@escale/schema/orm';
import type { Digest } from '@escale/schema/values';
import type { Context } from '../context.ts';

/** Seconds by which the clocks of processes and of the database may differ. */
const clockSkew = 300;

/**
 * Whether an upload has been completed under this digest, so that a client that lost the answer may be answered once more.
 * A completed upload leaves no row. It is recognized by what it left behind: no row of its id, and a live blob in the repository
 * whose lease was renewed after the upload began. Ids of uploads carry that time. The lease is renewed once more (P2).
 * @param repositoryId to which the caller may push: they could ask for the blob as well
 */
export async function completedBefore(
  ctx: Context,
  repositoryId: string,
  { id, digest }: { id: string; digest: Digest },
): Promise<boolean> {
  const begun = timeOf(id);
  if (begun === undefined || begun > ctx.now.getTime() + clockSkew * 1000) return false;
  const rows = await executePrepared<{ id: string }>(
    ctx.em,
    `with here as (
       select b.id from blobs b join repository_blobs l on l.blob_id = b.id and l.repository_id = ?
         where b.digest = ? and b.state = 'live' and b.lease_until >= ?::timestamptz + interval '6 hours'
           and not exists (select 1 from upload_sessions where id = ?)
         for no key update of b for key share of l)
     update blobs b set lease_until = greatest(b.lease_until, now() + interval '6 hours') from here
       where b.id = here.id returning b.id`,
    [repositoryId, digest, new Date(begun - clockSkew * 1000), id],
  );
  return rows.length > 0;
}

/** When a UUID of version 7 was made, in milliseconds; undefined for any other text. */
function timeOf(id: string): number | undefined {
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.exec(id) ?? [];
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16);
}
