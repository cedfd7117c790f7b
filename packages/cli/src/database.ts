import path from 'node:path';
import {
  createOrm,
  findPooling,
  migrate,
  patient,
  type DatabasePlace,
  type Orm,
  type Timeouts,
} from '@escale/schema/orm';
import type { Lifecycle } from '@escale/server-kit/lifecycle';
import type { Logger } from '@escale/server-kit/logger';
import type { EscaleConfig, RawConfig } from './config.ts';
import { startPostgres } from './embedded/postgres.ts';

/** A database, connected and up to date. */
export interface Database {
  /** For jobs and commands: its statements may take long. */
  readonly orm: Orm;
  readonly place: DatabasePlace;
}

/** Pools of one process that answers requests. Whoever exhausts one leaves the others alone. */
export interface RequestPools {
  readonly api: Orm;
  readonly registry: Orm;
  /** Pulls, and the first read of every push. */
  readonly reads: Orm;
  readonly health: Orm;
}

/** How the database of the configuration is reached. @param url of the embedded one, where none is configured */
export function databasePlace(config: RawConfig, url = config.ESCALE_DATABASE_URL): DatabasePlace {
  if (url === undefined) throw new TypeError('no database is configured');
  const external = config.ESCALE_DATABASE_URL !== undefined;
  const prepared = config.ESCALE_DATABASE_PREPARED_STATEMENTS;
  return {
    databaseUrl: url,
    ...(external && { caFile: config.ESCALE_DATABASE_CA_FILE, directUrl: config.ESCALE_DATABASE_DIRECT_URL }),
    ...(prepared !== 'auto' && { preparedStatements: prepared === 'on' }),
  };
}

export function databaseTimeouts(config: RawConfig): Timeouts {
  return {
    connect: config.ESCALE_DATABASE_CONNECT_TIMEOUT_SECONDS,
    statement: config.ESCALE_DATABASE_STATEMENT_TIMEOUT_SECONDS,
    lock: config.ESCALE_DATABASE_LOCK_TIMEOUT_SECONDS,
    idleInTransaction: config.ESCALE_DATABASE_IDLE_TRANSACTION_TIMEOUT_SECONDS,
  };
}

/** What an operator has to change when a pooler is found that keeps no sessions. */
export const directUrlMissing =
  'ESCALE_DATABASE_URL leads to a connection pooler in transaction mode (PgBouncer), which keeps no sessions: ' +
  'set ESCALE_DATABASE_DIRECT_URL to the same database on the PostgreSQL server itself, or use pool_mode=session';

/** The place, with what stands before the server. @throws Error when the database is away, or a pooler cannot be used */
export async function withPooling(place: DatabasePlace): Promise<DatabasePlace> {
  const pooling = await findPooling(place);
  if (pooling === 'transaction' && place.directUrl === undefined) throw new Error(directUrlMissing);
  if (place.directUrl !== undefined && (await findPooling({ ...place, databaseUrl: place.directUrl })) !== 'none')
    throw new Error(
      'ESCALE_DATABASE_DIRECT_URL leads to a connection pooler too; it must name the PostgreSQL server itself',
    );
  return { ...place, pooling };
}

/**
 * Connects to the database, starting the embedded one where none is configured, and brings it up to date.
 * @param folder the data folder, held by this process
 * @throws Error with one line for a person
 */
export async function openDatabase(
  config: EscaleConfig,
  folder: string,
  life: Lifecycle,
  logger: Logger,
): Promise<Database> {
  let given: DatabasePlace;
  if (config.ESCALE_DATABASE_URL === undefined) {
    const onEvent = (message: string) => {
      logger.warn({}, message);
    };
    const embedded = await startPostgres({ folder: path.join(folder, 'database'), onEvent });
    life.add('the embedded database', embedded, (server) => server.stop());
    given = { ...databasePlace(config, embedded.url), pooling: 'none' };
  } else given = databasePlace(config);
  try {
    const place = given.pooling === undefined ? await withPooling(given) : given;
    if (place.pooling !== 'none') logger.info({ pooling: place.pooling }, 'the database is reached through a pooler');
    const timeouts = patient(databaseTimeouts(config));
    const orm = await createOrm({ ...place, poolSize: 4, timeouts, applicationName: 'escale-work' });
    life.add('the database connections', orm, (open) => open.close(true));
    const ran = await migrate(orm);
    if (ran.length > 0)
      logger.info({ migrations: ran.length, latest: ran.at(-1) }, 'the database was brought up to date');
    return { orm, place };
  } catch (cause) {
    throw new Error(`the database cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** The pools of this process, each opened when it is first used, and ended with it. */
export async function openPools(config: EscaleConfig, { place }: Database, life: Lifecycle): Promise<RequestPools> {
  const timeouts = databaseTimeouts(config);
  const sizes = shareConnections(config);
  const open = async (name: keyof RequestPools): Promise<Orm> => {
    const applicationName = `escale-${name}`;
    const orm = await createOrm({ ...place, poolSize: sizes[name], timeouts, applicationName });
    return life.add(`the database connections (${name})`, orm, (opened) => opened.close(true));
  };
  return {
    api: await open('api'),
    registry: await open('registry'),
    reads: await open('reads'),
    health: await open('health'),
  };
}

/** Connections of each pool at most. The workers of an installation share what a database of usual size gives. */
export function shareConnections(
  config: Pick<RawConfig, 'ESCALE_WORKERS' | 'ESCALE_DATABASE_CONNECTIONS'>,
): Record<keyof RequestPools, number> {
  const usual = Math.min(26, Math.max(9, Math.floor(60 / config.ESCALE_WORKERS)));
  const all = config.ESCALE_DATABASE_CONNECTIONS ?? usual;
  const reads = Math.min(4, Math.max(1, Math.floor(all / 4)));
  const api = Math.max(1, Math.floor((all - reads) * 0.45));
  return { api, reads, registry: all - reads - api, health: 1 };
}
