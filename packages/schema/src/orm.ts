import { MikroORM, type EntityManager, type Options } from '@mikro-orm/postgresql';
import { Migrator } from '@mikro-orm/migrations';
import { advisoryLock } from './advisory-lock.ts';
import * as entities from './entities/index.ts';
import { migrations } from './migrations/index.ts';
import { prepareOnConnections } from './prepared.ts';

export type { EntityManager } from '@mikro-orm/postgresql';
export { advisoryLock } from './advisory-lock.ts';
export { isConnectionFailure } from './connection-failure.ts';
export { rightsState, trimRightsChanges } from './rights-state.ts';
export { executePrepared, runPrepared, type PreparedStatement } from './prepared.ts';

/** The database as everything above this package holds it. */
export type Orm = MikroORM;

/** @property poolSize connections at most; each is a PostgreSQL process of some 10 MB */
export interface OrmSettings {
  readonly databaseUrl: string;
  readonly poolSize?: number;
  /** Gets a line for each statement; absent in normal operation. */
  readonly onStatement?: (line: string) => void;
}

export function ormOptions({ databaseUrl, poolSize = 10, onStatement }: OrmSettings): Options {
  return {
    clientUrl: databaseUrl,
    entities: Object.values(entities),
    extensions: [Migrator],
    // Requests bring their own fork; a forgotten one must fail loudly instead of sharing an identity map.
    allowGlobalContext: false,
    forceUtcTimezone: true,
    pool: { min: 0, max: poolSize },
    driverOptions: { onPoolCreated: prepareOnConnections },
    migrations: {
      migrationsList: migrations,
      path: `${import.meta.dirname}/migrations`,
      snapshotName: '.snapshot',
      snapshotOnMigrate: false,
      transactional: true,
    },
    // Without a reader of statements the ORM says nothing: what matters is thrown.
    ...(onStatement ? { debug: ['query'], logger: onStatement } : { debug: false, logger: () => undefined }),
  };
}

/** Connects lazily: a database that is away fails the first statement, not the start. */
export async function createOrm(settings: OrmSettings): Promise<Orm> {
  return MikroORM.init(ormOptions(settings));
}

/**
 * Brings the database's tables to this version. Processes that start together take turns; the ORM takes no lock of its own.
 * @returns the names that it ran
 */
export async function migrate(orm: Orm): Promise<string[]> {
  // A lock of a session needs one connection for its life; the transaction provides it and frees the lock even on a crash.
  return orm.em.fork().transactional(async (em: EntityManager) => {
    await em
      .getConnection()
      .execute('select pg_advisory_xact_lock(?)', [advisoryLock('migration')], 'run', em.getTransactionContext());
    const done = await orm.migrator.up();
    return done.map((migration) => migration.name);
  });
}

/**
 * Connections of this process's pool that are busy and idle, and how many statements wait for one: more than none for long means
 * that the pool is too small, or the database too slow.
 */
export async function connectionCounts(orm: Orm): Promise<{ busy: number; idle: number; waiting: number }> {
  const { totalCount, idleCount, waitingCount } = await orm.em.getConnection().getNativeClient();
  return { busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
}

/** One connection taken out of the pool for as long as it is wanted; what belongs to its session (locks) ends with it. */
export interface HeldConnection {
  query(statement: string, values?: unknown[]): Promise<unknown>;
  /** Calls back once when the connection breaks. */
  onBroken(call: () => void): void;
  /** Ends the connection, and with it its session. */
  end(): void;
}

/** @throws Error when the database is away */
export async function holdConnection(orm: Orm): Promise<HeldConnection> {
  const pool = await orm.em.getConnection().getNativeClient();
  const client = await pool.connect();
  return {
    query: (statement, values) => client.query(statement, values),
    onBroken: (call) => {
      client.once('error', call);
      client.once('end', call);
    },
    end: () => {
      client.release(true);
    },
  };
}
