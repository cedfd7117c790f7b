import { Client, type ClientConfig } from 'pg';
import { explainTls, offersTls, tlsOptions } from './database-tls.ts';
import { isSocketFolder, type ServerAddress } from './database-url.ts';
import { limitsOf, setLimits, type Timeouts } from './timeouts.ts';

/**
 * What stands between this process and PostgreSQL. A pooler refuses settings in the startup message; in transaction mode every
 * transaction may reach another session.
 */
export type Pooling = 'none' | 'session' | 'transaction';

export interface ClientSettings {
  readonly server: ServerAddress;
  readonly timeouts: Timeouts;
  readonly pooling: Pooling;
  /** Of connections that the URL gives no name. */
  readonly applicationName: string;
}

type Connected = (error: Error | null, client?: Client) => void;

/** The fields with which `pg` decides to begin TLS. */
interface Switchable {
  ssl: unknown;
  connection: { ssl: unknown };
}

/** Servers that said that they have no TLS, for `sslmode=prefer`: they are not asked before each connection. */
const withoutTls = new Set<string>();

/** The one kind of connection to the database, as a class because pools make their clients themselves. */
export function clientClass(settings: ClientSettings): typeof Client {
  const { server, timeouts } = settings;
  const patience = (server.connectTimeout ?? timeouts.connect) * 1000;
  return class DatabaseClient extends Client {
    constructor(given?: string | ClientConfig) {
      const types = typeof given === 'object' ? given.types : undefined;
      super({ ...clientConfig(settings), ...(types && { types }) });
      // The server may end a connection when no query runs on it. The next query fails then, and pools drop the connection;
      // without a listener the event would end the process.
      this.on('error', () => undefined);
    }

    override connect(): Promise<this>;
    override connect(callback: Connected): void;
    override connect(callback?: Connected): Promise<this> | undefined {
      const connected = this.#connect();
      if (!callback) return connected;
      void connected.then(() => {
        callback(null, this);
      }, callback);
      return undefined;
    }

    async #connect(): Promise<this> {
      try {
        if (server.tls.mode === 'prefer' && !isSocketFolder(server.host)) await this.#chooseTls();
        await super.connect();
        return this;
      } catch (error) {
        withoutTls.delete(placeOf(server));
        throw explainTls(error, server);
      }
    }

    async #chooseTls(): Promise<void> {
      const place = placeOf(server);
      if (!withoutTls.has(place)) {
        if (await offersTls(server, patience)) return;
        withoutTls.add(place);
      }
      const client = this as unknown as Switchable;
      client.ssl = false;
      client.connection.ssl = false;
    }
  };
}

const placeOf = ({ host, port }: ServerAddress): string => `${host}:${String(port)}`;

function clientConfig({ server, timeouts, pooling, applicationName }: ClientSettings): ClientConfig {
  const { host, port, user, password, database, options } = server;
  return {
    ...{ host, port },
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(database !== undefined && { database }),
    ...(options !== undefined && { options }),
    ssl: tlsOptions(server),
    application_name: server.applicationName ?? applicationName,
    connectionTimeoutMillis: (server.connectTimeout ?? timeouts.connect) * 1000,
    // A host that vanishes without a word is noticed.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...(pooling === 'none' && limitsOf(timeouts, options)),
    // The server ends a statement first; this ends the wait for a server that does not answer at all.
    ...(timeouts.statement > 0 && { query_timeout: (timeouts.statement + 10) * 1000 }),
  };
}

/**
 * One connection outside of every pool, for what belongs to a session (LISTEN, advisory locks).
 * @throws Error when the database is away
 */
export async function openClient(settings: ClientSettings): Promise<Client> {
  const client = new (clientClass(settings))();
  await client.connect();
  if (settings.pooling === 'session') await client.query(setLimits(settings.timeouts));
  return client;
}
