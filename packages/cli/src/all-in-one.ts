import path from 'node:path';
import Koa from 'koa';
import { createApp as createApi, type ApiApp } from '@escale/api/app';
import { anonymous } from '@escale/domain/access';
import type { Vault } from '@escale/domain/credentials';
import type { Faults } from '@escale/domain/faults';
import { createApp as createRegistry } from '@escale/registry/app';
import type { BlobStore } from '@escale/registry/storage';
import { startWorker } from '@escale/registry/worker';
import type { Orm } from '@escale/schema/orm';
import { Lifecycle } from '@escale/server-kit/lifecycle';
import { createLogger, type Logger } from '@escale/server-kit/logger';
import { health, requestId } from '@escale/server-kit/middleware';
import type { EscaleConfig } from './config.ts';
import { consoleFiles } from './console-files.ts';
import { openDataFolder, type DataFolder } from './embedded/data-folder.ts';
import { createDemoIdentityProvider } from './embedded/demo-identity-provider.ts';
import { openFrontDoor } from './front-door.ts';
import { openBlobs, openDatabase } from './open-storage.ts';
import { openVault, prepareSecrets } from './secrets.ts';
import { startOperations } from './operations.ts';
import { version } from './version.ts';

/** The whole product, running. */
export interface Escale {
  readonly url: string;
  /** Of the demo users; absent with an identity provider of one's own. */
  readonly demoPassword: string | undefined;
  stop(): Promise<void>;
}

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
  const [{ orm, databaseUrl }, blobStore, provider] = await settled([
    openDatabase(config, data.path, life, logger),
    openBlobs(config, data.path, life, logger),
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
      uploadLimits: {
        sessions: config.ESCALE_UPLOAD_SESSIONS,
        stagedBytes: config.ESCALE_UPLOAD_STAGED_GIB * 2 ** 30,
      },
      ...(faults && { faults }),
      identifyAccessToken: (token) =>
        api.identifyAccessToken({ em: orm.em.fork(), principal: anonymous, now: new Date(), vault, client: {} }, token),
    }),
    (app) => app.close(),
  );
  const jobs = { orm, vault, blobStore, logger, databaseUrl, ...(faults && { faults }) };
  life.add('the background jobs', startWorker(jobs), (worker) => worker.stop());
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

/** Beside this package in the repository and in the image alike. */
function consoleFolder(): string {
  return path.resolve(import.meta.dirname, '../../web/dist');
}
