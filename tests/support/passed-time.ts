import type { TestDatabase } from '@escale/schema/testing';

/**
 * Moves what was done just now over the days before, in its order: pictures of an installation in which everything happened within
 * one minute would show nothing of the times.
 */
export async function asOfDays({ orm }: TestDatabase, days: number): Promise<void> {
  const em = orm.em.fork();
  /** Of a thing that is at its place `r` among `n`: the later it happened, the nearer to now, but never in the future. */
  const shift = (r: string, n: string) =>
    `make_interval(secs => ${String(days * 86_400)} * power(1 - (${r} - 1)::numeric / ${n}, 2))`;
  const spread = (table: string, column: string, partition = '') =>
    `update ${table} x set ${column} = x.${column} - ${shift('o.r', 'o.n')}
       from (select id, row_number() over (${partition} order by ${column}, id) as r, count(*) over (${partition}) as n
               from ${table}) o
      where o.id = x.id and x.${column} is not null`;
  await em.execute(spread('tags', 'started_at', 'partition by repository_id'));
  await em.execute(spread('tag_events', 'at', 'partition by repository_id'));
  await em.execute(spread('manifests', 'created_at', 'partition by repository_id'));
  await em.execute(spread('usage_log_entries', 'at'));
  await em.execute(spread('repositories', 'created_at'));
  await em.execute(
    `update repositories r set last_pushed_at = t.at
       from (select repository_id, max(started_at) as at from tags group by 1) t where t.repository_id = r.id`,
  );
  for (const table of [
    'robot_tokens',
    'application_tokens',
    'api_tokens',
    'users',
    'team_memberships',
    'pending_memberships',
    'robots',
  ])
    await em.execute(spread(table, 'created_at'));
}
