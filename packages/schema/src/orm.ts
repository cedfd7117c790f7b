import { MikroORM, PostgreSqlDriver, type Options } from '@mikro-orm/postgresql';
import { Migrator } from '@mikro-orm/migrations';
import type { Pool } from 'pg';
import { clientClass, type ClientSettings, type Pooling } from './database-client.ts';
import { parseDatabaseUrl } from './database-url.ts';
import * as entities from './entities/index.ts';
import { migrations } from './migrations/index.ts';
import { guardPool } from './pool-guard.ts';
import { prepareOnConnections } from './prepared.ts';
import { directClients, rememberDirect } from './direct-clients.ts';
import { requestTimeouts, setLimits, type Timeouts } from './timeouts.ts';
import { inTurn } from './turn.ts';

export type { EntityManager } from '@mikro-orm/postgresql';
export { advisoryLock } from './advisory-lock.ts';
export { connectionFailure, isConnectionFailure } from './connection-failure.ts';
export type { Pooling } from './database-client.ts';
export { DatabaseUrlInvalid, parseDatabaseUrl } from './database-url.ts';
export { connectOnce, holdConnection, openDirectPool, type HeldConnection } from './direct-clients.ts';
export { holdingConnection, SecondConnection } from './pool-guard.ts';
export { findPooling } from './pooling.ts';
export { rightsState, trimRightsChanges } from './rights-state.ts';
export { executePrepared, runPrepared, type PreparedStatement } from './prepared.ts';
export { patient, requestTimeouts, type Timeouts } from './timeouts.ts';
export { inTurn, tryInTurn } from './turn.ts';

/** The database as everything above this package holds it. */
export type Orm = MikroORM;

/** Where the database is and how to talk to it: the same for every connection of an installation. */
export interface DatabasePlace {
  /** `postgres://…`, see `parseDatabaseUrl`. */
  readonly databaseUrl: string;
  /** PEM file of accepted CAs, where the URL names none. */
  readonly caFile?: string | undefined;
  /** Past a pooler, for what belongs to a session: LISTEN, locks, jobs, migrations. The same as `databaseUrl` where absent. */
  readonly directUrl?: string | undefined;
  /** What `databaseUrl` leads to (`findPooling`); the server itself when not given. */
  readonly pooling?: Pooling | undefined;
  /** Whether statements are prepared; when not given, unless a pooler in transaction mode is between. */
  readonly preparedStatements?: boolean | undefined;
}

/** @property poolSize connections at most; each is a PostgreSQL process of some 10 MB */
export interface OrmSettings extends DatabasePlace {
  readonly poolSize?: number;
  readonly timeouts?: Timeouts;
  /** How the connections are called in `pg_stat_activity`, where the URL gives no name. */
  readonly applicationName?: string;
  /** Gets a line for each statement; absent in normal operation. */
  readonly onStatement?: (line: string) => void;
}

function ormOptions(settings: OrmSettings, client: ClientSettings): Options {
  const { poolSize = 10, preparedStatements, onStatement } = settings;
  const { timeouts, pooling, server } = client;
  return {
    driver: PostgreSqlDriver,
    dbName: server.database ?? server.user ?? 'postgres',
    entities: Object.values(entities),
    extensions: [Migrator],
    // Requests bring their own fork; a forgotten one must fail loudly instead of sharing an identity map.
    allowGlobalContext: false,
    forceUtcTimezone: true,
    pool: { min: 0, max: poolSize },
    // Where and how it connects is the business of the client class alone.
    driverOptions: {
      Client: clientClass(client),
      connectionTimeoutMillis: timeouts.connect * 1000,
      ...(pooling === 'session' && {
        onConnect: (opened: { query(text: string): Promise<unknown> }) => opened.query(setLimits(timeouts)),
      }),
      onPoolCreated: (pool: Pool) => {
        guardPool(pool);
        prepareOnConnections(pool, {
          prepared: preparedStatements ?? pooling !== 'transaction',
          atBeginning: pooling === 'transaction' ? setLimits(timeouts, true) : undefined,
        });
      },
    },
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

/**
 * Connects lazily: a database that is away fails the first statement, not the start.
 * @throws DatabaseUrlInvalid
 */
export async function createOrm(settings: OrmSettings): Promise<Orm> {
  const { databaseUrl, caFile, pooling = 'none', timeouts = requestTimeouts, applicationName = 'escale' } = settings;
  const server = parseDatabaseUrl(databaseUrl, caFile);
  const orm = await MikroORM.init(ormOptions(settings, { server, timeouts, pooling, applicationName }));
  rememberDirect(orm, directClients(settings));
  return orm;
}

/**
 * Brings the database's tables to this version. Processes that start together take turns; the ORM takes no lock of its own.
 * @param orm whose statements may take long
 * @returns the names that it ran
 */
export async function migrate(orm: Orm): Promise<string[]> {
  return inTurn(orm, 'migration', async () => {
    const done = await orm.migrator.up();
    return done.map((migration) => migration.name);
  });
}

/**
 * Connections of a pool that are busy and idle, and how many statements wait for one: more than none for long means that the pool
 * is too small, or the database too slow.
 */
export async function connectionCounts(orm: Orm): Promise<{ busy: number; idle: number; waiting: number }> {
  const { totalCount, idleCount, waitingCount } = await orm.em.getConnection().getNativeClient();
  return { busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
}
