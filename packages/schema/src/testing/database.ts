import { randomBytes } from 'node:crypto';
import { createOrm, migrate, type Orm } from '../orm.ts';

/** A database of its own for one test file, at the current version, dropped when closed. */
export interface TestDatabase {
  readonly orm: Orm;
  readonly url: string;
  close(): Promise<void>;
}

const template = 'escale_template';
/** Held while the template is made, so that test workers which start together make one. */
const templateLock = 7_305_811_403;

/** @param serverUrl of a PostgreSQL server on which databases may be made, ending in the name of an existing one */
export async function openTestDatabase(serverUrl: string): Promise<TestDatabase> {
  const server = await createOrm({ databaseUrl: serverUrl, poolSize: 2 });
  const name = `escale_test_${randomBytes(6).toString('hex')}`;
  try {
    await ensureTemplate(server, serverUrl);
    await server.em.getConnection().execute(`create database ${name} template ${template}`);
  } catch (error) {
    await server.close(true);
    throw error;
  }
  const url = withDatabase(serverUrl, name);
  const orm = await createOrm({ databaseUrl: url, poolSize: 6 });
  return {
    orm,
    url,
    close: async () => {
      await orm.close(true);
      await server.em.getConnection().execute(`drop database ${name} with (force)`);
      await server.close(true);
    },
  };
}

async function ensureTemplate(server: Orm, serverUrl: string): Promise<void> {
  await server.em.fork().transactional(async (em) => {
    await em.execute('select pg_advisory_xact_lock(?)', [templateLock]);
    const found = await em.execute<unknown[]>('select 1 from pg_database where datname = ?', [template]);
    if (found.length > 0) return;
    // Creating a database is not possible inside a transaction: it goes over another connection of the pool.
    await server.em.getConnection().execute(`create database ${template}`);
    const orm = await createOrm({ databaseUrl: withDatabase(serverUrl, template), poolSize: 2 });
    await migrate(orm);
    await orm.close(true);
  });
}

function withDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
