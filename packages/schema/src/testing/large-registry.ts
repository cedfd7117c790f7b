import { createOrm } from '../orm.ts';

export interface LargeRegistry {
  readonly organizations: number;
  readonly repositories: number;
  /** Direct permissions of the named user, spread over all organizations. */
  readonly grants: number;
}

/**
 * Fills a migrated database with a large registry, in SQL alone: organizations with teams and robots, repositories of which every
 * tenth is public, and one existing user with many grants who administers five of the organizations and is in a team of fifteen
 * more. @param username of a user who has signed in before
 */
export async function fillLargeRegistry(databaseUrl: string, username: string, size: LargeRegistry): Promise<void> {
  const orm = await createOrm({ databaseUrl, poolSize: 2 });
  try {
    const each = Math.ceil(size.repositories / size.organizations);
    const connection = orm.em.getConnection();
    await connection.transactional(async (transaction) => {
      const run = (sql: string, parameters: unknown[] = []) => connection.execute(sql, parameters, 'run', transaction);
      await run(
        `insert into namespaces (id, name, kind, created_at)
           select gen_random_uuid(), 'large-' || lpad(i::text, 4, '0'), 'organization', now() from generate_series(1, ?) i`,
        [size.organizations],
      );
      await run(`insert into organizations (id, namespace_id, created_at)
           select gen_random_uuid(), id, now() from namespaces where name like 'large-%'`);
      await run(`insert into teams (id, organization_id, name, role, created_at)
           select gen_random_uuid(), o.id, t.name, t.role, now()
             from organizations o, (values ('owners', 'admin'), ('developers', 'member'), ('makers', 'creator')) t (name, role)
             where o.namespace_id in (select id from namespaces where name like 'large-%')`);
      await run(`insert into robots (id, namespace_id, name, created_at)
           select gen_random_uuid(), n.id, 'ci-' || i, now() from namespaces n, generate_series(1, 5) i where n.name like 'large-%'`);
      await run(
        `insert into repositories (id, namespace_id, name, visibility, created_by, last_pushed_at, created_at)
           select gen_random_uuid(), n.id, n.name || '/app-' || lpad(i::text, 5, '0'),
                  case when i % 10 = 0 then 'public' else 'private' end, 'system:seed',
                  now() - make_interval(secs => random() * 1e7), now() - interval '1 year'
             from namespaces n, generate_series(1, ?) i where n.name like 'large-%'`,
        [each],
      );
      await run(`insert into permissions (id, repository_id, team_id, role, created_at)
           select gen_random_uuid(), r.id, t.id, 'write', now()
             from repositories r join organizations o on o.namespace_id = r.namespace_id
             join teams t on t.organization_id = o.id and t.name = 'developers'`);
      await run(
        `insert into permissions (id, repository_id, user_id, role, created_at)
           select gen_random_uuid(), r.id, (select u.id from users u join namespaces n on n.id = u.namespace_id where n.name = ?), 'read', now()
             from (select id from repositories where name like 'large-%' order by md5(name) limit ?) r`,
        [username, size.grants],
      );
      await run(
        `insert into team_memberships (id, team_id, user_id, created_at)
           select gen_random_uuid(), t.id, (select u.id from users u join namespaces n on n.id = u.namespace_id where n.name = ?), now()
             from teams t join organizations o on o.id = t.organization_id join namespaces n on n.id = o.namespace_id
             where (n.name between 'large-0001' and 'large-0005' and t.name = 'owners')
                or (n.name between 'large-0006' and 'large-0020' and t.name = 'developers')`,
        [username],
      );
    });
    await orm.em.fork().execute('analyze');
  } finally {
    await orm.close(true);
  }
}
