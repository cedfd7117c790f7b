import type { EntityManager } from '@mikro-orm/postgresql';
import { Pool, type Client } from 'pg';
import { clientClass, openClient, type ClientSettings } from './database-client.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { patient, requestTimeouts, type Timeouts } from './timeouts.ts';
import type { DatabasePlace } from './orm.ts';

type Config = EntityManager['config'];
interface OfDatabase {
  readonly em: Pick<EntityManager, 'config'>;
}

/** How connections past the pooler are made, for each ORM. */
const known = new WeakMap<Config, ClientSettings>();

export function rememberDirect({ em }: OfDatabase, settings: ClientSettings): void {
  known.set(em.config, settings);
}

/** @throws DatabaseUrlInvalid */
export function directClients(place: DatabasePlace & { readonly timeouts?: Timeouts }): ClientSettings {
  const { databaseUrl, directUrl, caFile, pooling = 'none', timeouts = requestTimeouts } = place;
  return {
    server: parseDatabaseUrl(directUrl ?? databaseUrl, caFile),
    timeouts: patient(timeouts),
    pooling: directUrl === undefined ? pooling : 'none',
    applicationName: 'escale',
  };
}

function settingsOf({ em }: OfDatabase): ClientSettings {
  const settings = known.get(em.config);
  if (!settings) throw new TypeError('this database was not opened by createOrm');
  return settings;
}

/**
 * A connection to the server itself, outside of every pool: whoever has it waits for nobody who waits for a pool.
 * @param applicationName its name in `pg_stat_activity`
 * @throws Error when the database is away
 */
export function openDirect(of: OfDatabase, applicationName: string): Promise<Client> {
  return openClient({ ...settingsOf(of), applicationName });
}

/**
 * One connection to the server itself, for a command that needs no more. The caller ends it.
 * @param options.patience milliseconds to connect
 * @throws Error when the database is away, DatabaseUrlInvalid
 */
export function connectOnce(
  place: DatabasePlace,
  { applicationName, patience }: { applicationName: string; patience: number },
): Promise<Client> {
  const timeouts = { ...requestTimeouts, connect: patience / 1000 };
  return openClient({ ...directClients({ ...place, timeouts }), applicationName });
}

/** A pool of such connections, for the job runner. Its statements may take long. */
export function openDirectPool(
  of: OfDatabase,
  { max, applicationName }: { max: number; applicationName: string },
): Pool {
  const settings = { ...settingsOf(of), applicationName };
  return new Pool({ max, connectionTimeoutMillis: settings.timeouts.connect * 1000, Client: clientClass(settings) });
}

/** One connection for as long as it is wanted; what belongs to its session (locks) ends with it. */
export interface HeldConnection {
  query(statement: string, values?: unknown[]): Promise<unknown>;
  /** Calls back once when the connection breaks. */
  onBroken(call: () => void): void;
  /** Ends the connection, and with it its session. */
  end(): void;
}

/** @throws Error when the database is away */
export async function holdConnection(of: OfDatabase): Promise<HeldConnection> {
  const client = await openDirect(of, 'escale-presence');
  return {
    query: (statement, values) => client.query(statement, values),
    onBroken: (call) => {
      client.once('error', call);
      client.once('end', call);
    },
    end: () => {
      client.end().catch(() => undefined);
    },
  };
}
