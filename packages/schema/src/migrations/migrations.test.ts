import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { UsageLogEntry } from '../entities/index.ts';
import { migrate } from '../orm.ts';
import { buildOrganization, buildRepository, openTestDatabase, type TestDatabase } from '../testing/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseServerUrl: string;
  }
}

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
});
afterAll(() => database.close());

test('the migrations make exactly the tables that the entities describe', async () => {
  const sql = await database.orm.schema.getUpdateSchemaSQL({ wrap: false });
  expect(sql.trim()).toBe('');
});

test('migrating what is up to date does nothing, also when several start at once', async () => {
  expect(await Promise.all([migrate(database.orm), migrate(database.orm), migrate(database.orm)])).toEqual([[], [], []]);
});

test('entries that were kept by name alone get the id of who has the name since then', async () => {
  const older = await openTestDatabase(inject('databaseServerUrl'));
  try {
    const em = older.orm.em.fork();
    const { namespace } = await buildOrganization(em);
    const { namespace: renamed } = await buildOrganization(em);
    await older.orm.migrator.down({ to: 'Migration20261124215325_pulls_announced_by_their_writer' });
    const write = (kind: string, name: string, age: string, details = {}) =>
      em.execute(
        `insert into usage_log_entries (id, kind, at, namespace, performer_kind, details)
           values (gen_random_uuid(), ?, now() - ?::interval, ?, 'system', ?)`,
        [kind, age, name, JSON.stringify(details)],
      );
    await write('before', namespace.name, '1 hour');
    await write('since', namespace.name, '10 seconds');
    await write('derived', 'derived', '10 seconds');
    await write('user.renamed', renamed.name, '5 seconds', { from: 'derived' });
    await write('another', 'derived', '1 second');
    await migrate(older.orm);
    const entries = await older.orm.em.fork().find(UsageLogEntry, {});
    expect(Object.fromEntries(entries.map(({ kind, namespaceId }) => [kind, namespaceId]))).toEqual({
      before: null,
      since: namespace.id,
      derived: renamed.id,
      'user.renamed': renamed.id,
      another: null,
    });
  } finally {
    await older.close();
  }
});

test('entries that were kept by the name of a repository get the id of the one that had it then', async () => {
  const older = await openTestDatabase(inject('databaseServerUrl'));
  try {
    const em = older.orm.em.fork();
    const { namespace } = await buildOrganization(em);
    const hour = 60 * 60 * 1000;
    const ago = (hours: number) => new Date(Date.now() - hours * hour);
    const first = await buildRepository(em, { namespace, path: 'app' });
    Object.assign(first, { createdAt: ago(4), deletedAt: ago(3), purgeAt: ago(-1) });
    await em.flush();
    const second = await buildRepository(em, { namespace, path: 'app' });
    Object.assign(second, { createdAt: ago(2) });
    await em.flush();
    await older.orm.migrator.down({ to: 'Migration20261125031819_triggers_ask_first' });
    const write = (kind: string, repository: string | null, at: Date) =>
      em.execute(
        `insert into usage_log_entries (id, kind, at, namespace, repository, performer_kind)
           values (gen_random_uuid(), ?, ?, ?, ?, 'system')`,
        [kind, at, namespace.name, repository],
      );
    const { name } = first;
    await write('before', name, ago(5));
    await write('made', name, new Date(ago(4).getTime() - 1000));
    await write('deleted', name, ago(3.5));
    await write('made again', name, ago(2));
    await write('lately', name, ago(0));
    await write('another', `${namespace.name}/another`, ago(1));
    await write('none', null, ago(1));
    await migrate(older.orm);
    const entries = await older.orm.em.fork().find(UsageLogEntry, {});
    expect(Object.fromEntries(entries.map(({ kind, repositoryId }) => [kind, repositoryId]))).toEqual({
      before: null,
      made: first.id,
      deleted: first.id,
      'made again': second.id,
      lately: second.id,
      another: null,
      none: null,
    });
  } finally {
    await older.close();
  }
});
