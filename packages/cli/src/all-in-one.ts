import path from 'node:path';
import Koa from 'koa';
import { createApp as createApi, type ApiApp } from '@escale/api/app';
import { anonymous } from '@escale/domain/access';
import type { Vault } from '@escale/domain/credentials';
import type { Faults } from '@escale/domain/faults';
import { createApp as createRegistry } from '@escale/registry/app';
import { purgeUploads } from '@escale/registry/jobs';
import { openBlobStore, type BlobStore, type BlobStoreSettings } from '@escale/registry/storage';
import { createOrm, migrate, type Orm } from '@escale/schema/orm';
import { Lifecycle } from '@escale/server-kit/lifecycle';
import { createLogger, type Logger } from '@escale/server-kit/logger';
import { health, requestId } from '@escale/server-kit/middleware';
import type { EscaleConfig } from './config.ts';
import { consoleFiles } from './console-files.ts';
import { startAzurite } from './embedded/azurite.ts';
import { openDataFolder, type DataFolder } from './embedded/data-folder.ts';
import { createDemoIdentityProvider } from './embedded/demo-identity-provider.ts';
import { startPostgres } from './embedded/postgres.ts';
import { openFrontDoor } from './front-door.ts';
import { openVault, prepareSecrets, startUpkeep } from './secrets.ts';
import { startOperations } from './operations.ts';
import { version } from './version.ts';

/** The whole product, running. */
export interface Escale {
  readonly url: string;
  /** Of the demo users; absent with an identity provider of one's own. */
  readonly demoPassword: string | undefined;
  stop(): Promise<void>;
}

/** Milliseconds between two looks for uploads that nobody went on with. */
const purgePause = 10 * 60 * 1000;

/**
 * Starts everything in this process, with what is embedded beside it: database, blob store, identity provider, registry,
 * management API, console. What was started is ended again when a later part fails.
 * @param faults what a test does at the named places; the product has none
 * @throws Error with one line for a person (port in use, data folder in use, a database that cannot be reached)
 */
export async function startAllInOne(config: EscaleConfig, lifecycle?: Lifecycle, faults?: Faults): Promise<Escale> {
  const logger = createLogger({ level: config.ESCALE_LOG_LEVEL });
  const life =
    lifecycle ??
    new Lifecycle((message, error) => {
      logger.error({ err: error }, message);
    });
  try {
    return await startParts(config, life, logger, faults);
  } catch (error) {
    await life.stop();
    throw error;
  }
}

async function startParts(
  config: EscaleConfig,
  life: Lifecycle,
  logger: Logger,
  faults: Faults | undefined,
): Promise<Escale> {
  const data = life.add('the data folder', await openDataFolder(config.dataDir), (folder) => folder.release());
  // Opened first: a taken port must be known before a database is made. Closed last but for the folder's lock.
  const door = await openFrontDoor({ host: config.ESCALE_HOST, port: config.ESCALE_PORT });
  life.add('the operations port', await startOperations(config.operationsPort), (server) => {
    server.close();
  });
  const vault = await openVault(config, data);
  const demo = config.oidc ? undefined : await demoSettings(config, data);
  const [orm, blobStore, provider] = await settled([
    openDatabase(config, data, life, logger),
    openBlobs(config, data, life, logger),
    demo ? createDemoIdentityProvider(demo) : undefined,
  ]);
  await prepareSecrets(config, { orm, vault });
  const oidc = config.oidc ?? demo;
  if (!oidc) throw new Error('there is no identity provider');
  const api = life.add(
    'the management API',
    await startApi(config, { oidc, orm, vault, logger, embedded: provider !== undefined }),
    (app) => app.close(),
  );
  const registry = life.add(
    'the registry',
    createRegistry({
      config: { externalUrl: config.externalUrl, trustedProxies: config.ESCALE_TRUSTED_PROXIES ?? [] },
      orm,
      vault,
      blobStore,
      logger,
      ...(faults && { faults }),
      identifyAccessToken: (token) =>
        api.identifyAccessToken({ em: orm.em.fork(), principal: anonymous, now: new Date(), vault, client: {} }, token),
    }),
    (app) => app.close(),
  );
  life.add('the purge of uploads', startPurge({ orm, blobStore }, logger), (timer) => {
    clearInterval(timer);
  });
  life.add('the upkeep', startUpkeep({ orm, vault, logger }), (running) => {
    running.stop();
  });
  life.add('the listener', door, (opened) => opened.close());
  door.open({
    registry: registry.koa.callback(),
    api: api.koa.callback(),
    health: healthChecks({ orm, blobStore, logger }),
    console: consoleFiles(consoleFolder()),
    ...(provider && { identityProvider: provider }),
  });
  return { url: config.externalUrl, demoPassword: demo?.password, stop: () => life.stop() };
}

/** Waits for all of them even when one fails, so that nothing is still starting while everything is being ended. */
async function settled<Parts extends readonly unknown[]>(
  parts: [...Parts],
): Promise<{ [Index in keyof Parts]: Awaited<Parts[Index]> }> {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}

async function demoSettings(config: EscaleConfig, data: DataFolder) {
  const { externalUrl } = config;
  return {
    issuer: `${externalUrl}/realms/escale`,
    clientId: 'escale',
    clientSecret: (await data.secret('demo-client-secret', 32)).toString('base64url'),
    redirectUris: [`${externalUrl}/auth/callback`],
    postLogoutRedirectUris: [`${externalUrl}/sign-in?reason=signed-out`],
    folder: data.path,
    password: config.ESCALE_DEMO_PASSWORD ?? (await data.secret('demo-password', 9)).toString('base64url'),
    apiAudience: config.ESCALE_API_AUDIENCE,
  };
}

async function openDatabase(config: EscaleConfig, data: DataFolder, life: Lifecycle, logger: Logger): Promise<Orm> {
  let databaseUrl = config.ESCALE_DATABASE_URL;
  if (databaseUrl === undefined) {
    const onEvent = (message: string) => {
      logger.warn({}, message);
    };
    const embedded = await startPostgres({ folder: path.join(data.path, 'database'), onEvent });
    life.add('the embedded database', embedded, (server) => server.stop());
    databaseUrl = embedded.url;
  }
  const orm = await createOrm({ databaseUrl, poolSize: 12 });
  life.add('the database connections', orm, (open) => open.close(true));
  try {
    const ran = await migrate(orm);
    if (ran.length > 0) logger.info({ migrations: ran }, 'the database was brought up to date');
  } catch (cause) {
    throw new Error(`the database cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  return orm;
}

async function openBlobs(config: EscaleConfig, data: DataFolder, life: Lifecycle, logger: Logger): Promise<BlobStore> {
  const store = await openBlobStore(await blobSettings(config, data, life, logger));
  return life.add('the blob store', store, (open) => open.close());
}

async function blobSettings(
  config: EscaleConfig,
  data: DataFolder,
  life: Lifecycle,
  logger: Logger,
): Promise<BlobStoreSettings> {
  if (config.blobStore === 'filesystem') return { kind: 'filesystem', folder: data.path };
  const container = config.ESCALE_AZURE_CONTAINER;
  if (config.blobStore === 'azurite') {
    const onEvent = (message: string) => {
      logger.warn({}, message);
    };
    const azurite = await startAzurite({ folder: path.join(data.path, 'azurite'), onEvent });
    life.add('Azurite', azurite, (emulator) => emulator.stop());
    return { kind: 'azure', container, account: { connectionString: azurite.connectionString } };
  }
  const { AZURE_STORAGE_CONNECTION_STRING: connectionString, ESCALE_AZURE_ACCOUNT_URL: url } = config;
  if (url !== undefined) return { kind: 'azure', container, account: { url } };
  if (connectionString !== undefined) return { kind: 'azure', container, account: { connectionString } };
  throw new Error('the Azure account is not configured');
}

interface ApiSettings {
  readonly oidc: { readonly issuer: string; readonly clientId: string; readonly clientSecret: string };
  readonly orm: Orm;
  readonly vault: Vault;
  readonly logger: Logger;
  readonly embedded: boolean;
}

function startApi(config: EscaleConfig, { oidc, orm, vault, logger, embedded }: ApiSettings): Promise<ApiApp> {
  const { issuer, clientId, clientSecret } = oidc;
  return createApi({
    config: {
      externalUrl: config.externalUrl,
      version,
      oidc: { issuer, clientId, clientSecret, name: config.ESCALE_OIDC_NAME },
      apiAudience: config.ESCALE_API_AUDIENCE,
      adminGroup: config.ESCALE_ADMIN_GROUP,
      revealTokens: config.ESCALE_REVEAL_TOKENS,
      undoSeconds: config.ESCALE_UNDO_DAYS * 24 * 3600,
      trustedProxies: config.ESCALE_TRUSTED_PROXIES ?? [],
    },
    orm,
    vault,
    logger,
    ...(embedded && { fetch: fetchFromOurselves(config) }),
  });
}

/** The embedded identity provider is this process: its public address may be one that only browsers can reach. */
function fetchFromOurselves({ externalUrl, ESCALE_PORT: port }: EscaleConfig): typeof globalThis.fetch {
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== new URL(externalUrl).origin) return fetch(input, init);
    return fetch(new URL(`${url.pathname}${url.search}`, `http://127.0.0.1:${String(port)}`), init);
  };
}

function healthChecks({ orm, blobStore, logger }: { orm: Orm; blobStore: BlobStore; logger: Logger }) {
  const koa = new Koa();
  koa.silent = true;
  koa.use(requestId());
  const checks = {
    database: {
      check: async () => {
        await orm.em.getConnection().execute('select 1');
      },
      failing: 'the database does not answer',
    },
    blobStore: { check: (signal: AbortSignal) => blobStore.check(signal), failing: 'the blob store does not answer' },
  };
  koa.use(
    health(checks, (name, error) => {
      logger.warn({ err: error, dependency: name }, 'a dependency does not do its part');
    }),
  );
  return koa.callback();
}

function startPurge(parts: { orm: Orm; blobStore: BlobStore }, logger: Logger): NodeJS.Timeout {
  const timer = setInterval(() => {
    purgeUploads(parts).catch((error: unknown) => {
      logger.warn({ err: error }, 'expired uploads could not be purged; they are looked at again later');
    });
  }, purgePause);
  timer.unref();
  return timer;
}

/** Beside this package in the repository and in the image alike. */
function consoleFolder(): string {
  return path.resolve(import.meta.dirname, '../../web/dist');
}
