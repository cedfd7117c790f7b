import { randomBytes } from 'node:crypto';
import { createOrm, migrate, type Orm } from '../orm.ts';
import type { PreparedStatement } from '../prepared.ts';
import { inTurn } from '../turn.ts';

/** A database of its own for one test file, at the current version, dropped when closed. */
export interface TestDatabase {
  readonly orm: Orm;
  readonly url: string;
  /** Moves the time that statements see. Only where the database was opened with a clock. */
  advanceClock(seconds: number): Promise<void>;
  /** From now on every statement of the verbs passes here and may come out as another; undefined ends that. */
  rewriteStatements(rewrite: ((sql: string) => string) | undefined): void;
  /** What is asked of the database past the ORM while some work is done: the prepared statements of hot paths. */
  statementsDuring(work: () => Promise<unknown>): Promise<PreparedStatement[]>;
  close(): Promise<void>;
}

const template = 'escale_template';

/**
 * A clock that tests can move: the unqualified names mean these functions, because their schema is searched first.
 * (PostgreSQL's own are still there, as `pg_catalog.now`.)
 */
const clock = [
  'create schema clock',
  `create table clock.shift (by) as select interval '0'`,
  `create function clock.now() returns timestamptz stable language sql as 'select pg_catalog.now() + by from clock.shift'`,
  `create function clock.clock_timestamp() returns timestamptz volatile language sql
     as 'select pg_catalog.clock_timestamp() + by from clock.shift'`,
];

/**
 * @param serverUrl of a PostgreSQL server on which databases may be made, ending in the name of an existing one
 * @param options.clock whether the test moves the time
 */
export async function openTestDatabase(
  serverUrl: string,
  { clock: hasClock = false }: { clock?: boolean } = {},
): Promise<TestDatabase> {
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
  if (hasClock) {
    const setUp = await createOrm({ databaseUrl: url, poolSize: 1 });
    for (const statement of clock) await setUp.em.getConnection().execute(statement);
    await setUp.em.getConnection().execute(`alter database ${name} set search_path = clock, pg_catalog, public`);
    await setUp.close(true);
  }
  const orm = await createOrm({ databaseUrl: url, poolSize: 6 });
  return {
    orm,
    url,
    advanceClock: async (seconds) => {
      await orm.em.getConnection().execute(`update clock.shift set by = by + ? * interval '1 second'`, [seconds]);
    },
    rewriteStatements: (rewrite) => {
      orm.config.set('onQuery', rewrite ?? ((sql: string) => sql));
    },
    statementsDuring: async (work) => {
      const pool = await orm.em.getConnection().getNativeClient();
      const usual = pool.query.bind(pool);
      const statements: PreparedStatement[] = [];
      Object.assign(pool, {
        query: (statement: PreparedStatement) => {
          const [label = ''] = statement.name.split(' #');
          statements.push({ ...statement, name: label });
          return usual(statement);
        },
      });
      try {
        await work();
      } finally {
        Object.assign(pool, { query: usual });
      }
      return statements;
    },
    close: async () => {
      await orm.close(true);
      await server.em.getConnection().execute(`drop database ${name} with (force)`);
      await server.close(true);
    },
  };
}

async function ensureTemplate(server: Orm, serverUrl: string): Promise<void> {
  // Test workers that start together make one.
  await inTurn(server, 'test template', async () => {
    const found = await server.em.getConnection().execute('select 1 from pg_database where datname = ?', [template]);
    if (found.length > 0) return;
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
