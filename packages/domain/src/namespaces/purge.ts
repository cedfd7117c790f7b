import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';
import type { Context } from '../context.ts';

/** Rows that one transaction removes at most: a purge must not hold locks for long. */
const batch = 100;

/**
 * Removes for good what can no longer be restored: repositories first, then organizations that have none left. For a background
 * job; several may run at once. Blobs that are linked nowhere any more are left to the collection of garbage. Repositories with
 * unfinished uploads wait until those are discarded: their bytes lie in the blob store.
 * @returns how many of each were removed
 */
export async function purgeDeletedNamespaces(ctx: Context): Promise<{ repositories: number; organizations: number }> {
  let repositories = 0;
  for (;;) {
    const purged = await purgeRepositories(ctx);
    repositories += purged;
    if (purged < batch) break;
  }
  return { repositories, organizations: await purgeOrganizations(ctx) };
}

async function purgeRepositories(ctx: Context): Promise<number> {
  return inTransaction(ctx, async (inner) => {
    const due = await inner.em.execute<{ id: string; name: string }[]>(
      `select r.id, r.name from repositories r join namespaces n on n.id = r.namespace_id
         where (r.purge_at <= ? or n.purge_at <= ?)
           and not exists (select 1 from upload_sessions s where s.repository_id = r.id)
         limit ? for update of r skip locked`,
      [inner.now, inner.now, batch],
    );
    for (const { id, name } of due) {
      await inner.em.execute('delete from repositories where id = ?', [id]);
      recordUsage(inner, 'repository.purged', { repository: { id, name } });
    }
    await inner.em.execute(
      `update upload_sessions s set expires_at = ? from repositories r join namespaces n on n.id = r.namespace_id
         where r.id = s.repository_id and (r.purge_at <= ? or n.purge_at <= ?) and s.expires_at > ?`,
      [inner.now, inner.now, inner.now, inner.now],
    );
    await inner.em.flush();
    return due.length;
  });
}

async function purgeOrganizations(ctx: Context): Promise<number> {
  return inTransaction(ctx, async (inner) => {
    const due = await inner.em.execute<{ id: string; name: string }[]>(
      `select n.id, n.name from namespaces n
         where n.purge_at <= ? and not exists (select 1 from repositories r where r.namespace_id = n.id)
         limit ? for update of n skip locked`,
      [inner.now, batch],
    );
    for (const { id, name } of due) {
      await inner.em.execute('delete from organizations where namespace_id = ?', [id]);
      await inner.em.execute('delete from namespaces where id = ?', [id]);
      recordUsage(inner, 'organization.purged', { namespace: name, namespaceId: id });
    }
    await inner.em.flush();
    return due.length;
  });
}
