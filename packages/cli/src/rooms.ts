import type { RequestListener } from 'node:http';
import path from 'node:path';
import { createApp as createApi, type ApiApp } from '@escale/api/app';
import type { ApiConfig } from '@escale/api/config';
import { anonymous } from '@escale/domain/access';
import type { Vault } from '@escale/domain/credentials';
import type { Faults } from '@escale/domain/faults';
import { createApp as createRegistry, type Counters, type RegistryParts } from '@escale/registry/app';
import type { BlobStore } from '@escale/registry/storage';
import type { Orm } from '@escale/schema/orm';
import type { Lifecycle } from '@escale/server-kit/lifecycle';
import type { Logger } from '@escale/server-kit/logger';
import type { Worker } from '@escale/registry/worker';
import type { EscaleConfig } from './config.ts';
import { consoleDocuments, consoleFiles } from './console-files.ts';
import type { RequestPools } from './database.ts';
import type { DataFolder } from './embedded/data-folder.ts';
import type { Rooms } from './front-door.ts';
import { groupsToFollow } from './groups-to-follow.ts';
import { openHealthRoom } from './health-room.ts';
import { version } from './version.ts';

/** What the rooms are made of. */
export interface RoomParts {
  readonly pools: RequestPools;
  readonly vault: Vault;
  readonly blobStore: BlobStore;
  readonly logger: Logger;
  /** Present when the demo identity provider is embedded: its settings, and who answers for it. */
  readonly demo: { readonly settings: DemoSettings; readonly room: NonNullable<Rooms['identityProvider']> } | undefined;
  readonly counters: Counters;
  /** Where the background jobs run in this process. */
  readonly jobs?: Pick<Worker, 'check'> | undefined;
  readonly faults?: Faults | undefined;
}

/** Registry, management API, health and console of one process, each ended with it. */
export async function openRooms(config: EscaleConfig, life: Lifecycle, parts: RoomParts): Promise<Rooms> {
  const { pools, vault, blobStore, logger, demo, counters, jobs, faults } = parts;
  const oidc = config.oidc ?? demo?.settings;
  const api = await openApiRoom(config, life, { oidc, orm: pools.api, vault, logger, embedded: demo !== undefined });
  const identifyAccessToken = (token: string) =>
    api.identifyAccessToken(
      { em: pools.registry.em.fork(), principal: anonymous, now: new Date(), vault, client: {} },
      token,
    );
  return {
    registry: openRegistryRoom(config, life, {
      pools,
      vault,
      blobStore,
      logger,
      identifyAccessToken,
      counters,
      ...(faults && { faults }),
    }),
    api: api.koa.callback(),
    health: openHealthRoom({ pools, blobStore, logger, ...(jobs && { jobs }) }),
    console: openConsoleRoom(),
    ...(demo && { identityProvider: demo.room }),
  };
}

/** The registry of this process, which takes access tokens as whoever is given says. */
export function openRegistryRoom(
  config: EscaleConfig,
  life: Lifecycle,
  {
    pools,
    ...parts
  }: Pick<RegistryParts, 'vault' | 'blobStore' | 'logger' | 'identifyAccessToken' | 'counters' | 'faults'> &
    Pick<RoomParts, 'pools'>,
): RequestListener {
  const registry = createRegistry({
    ...parts,
    orm: pools.registry,
    reads: pools.reads,
    config: {
      externalUrl: config.externalUrl,
      alsoKnownAs: config.alsoKnownAs,
      trustedProxies: config.ESCALE_TRUSTED_PROXIES ?? [],
    },
    processes: config.ESCALE_WORKERS,
    uploadLimits: {
      sessions: config.ESCALE_UPLOAD_SESSIONS,
      stagedBytes: config.ESCALE_UPLOAD_STAGED_GIB * 2 ** 30,
    },
  });
  return life.add('the registry', registry, (app) => app.close()).koa.callback();
}

/** The built console: beside this package in the repository and in the image alike. */
const consoleFolder = path.resolve(import.meta.dirname, '../../web/dist');

export function openConsoleRoom(): RequestListener {
  return consoleFiles(consoleFolder);
}

export type DemoSettings = Awaited<ReturnType<typeof demoSettings>>;

/** What the demo identity provider and its client agree on. */
export async function demoSettings(config: EscaleConfig, data: DataFolder) {
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

interface ApiRoomParts {
  readonly oidc: EscaleConfig['oidc'];
  readonly orm: Orm;
  readonly vault: Vault;
  readonly logger: Logger;
  /** The identity provider is in this process. */
  readonly embedded: boolean;
}

/** The management API of this process, ended with it. */
export async function openApiRoom(
  config: EscaleConfig,
  life: Lifecycle,
  { oidc, orm, vault, logger, embedded }: ApiRoomParts,
): Promise<ApiApp> {
  const directory = groupsToFollow(config)?.directory;
  const api = await createApi({
    config: apiSettings(config, oidc),
    orm,
    vault,
    logger,
    ...(directory && { directory }),
    trustedDocuments: consoleDocuments(consoleFolder),
    ...(embedded && { fetch: fetchFromOurselves(config) }),
  });
  return life.add('the management API', api, (app) => app.close());
}

/** The configuration as the management API takes it. */
export function apiSettings(config: EscaleConfig, oidc: EscaleConfig['oidc']): ApiConfig {
  if (!oidc) throw new Error('there is no identity provider');
  const { issuer, clientId, clientSecret } = oidc;
  return {
    externalUrl: config.externalUrl,
    version,
    oidc: {
      issuer,
      clientId,
      clientSecret,
      name: config.ESCALE_OIDC_NAME,
      refreshSeconds: config.ESCALE_OIDC_REFRESH_SECONDS,
    },
    apiAudience: config.ESCALE_API_AUDIENCE,
    adminGroup: config.ESCALE_ADMIN_GROUP,
    revealTokens: config.ESCALE_REVEAL_TOKENS,
    undoSeconds: config.ESCALE_UNDO_DAYS * 24 * 3600,
    trustedProxies: config.ESCALE_TRUSTED_PROXIES ?? [],
  };
}

/** The embedded identity provider is this process: its public address may be one that only browsers can reach. */
function fetchFromOurselves({ externalUrl, ESCALE_PORT: port }: EscaleConfig): typeof globalThis.fetch {
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== new URL(externalUrl).origin) return fetch(input, init);
    return fetch(new URL(`${url.pathname}${url.search}`, `http://127.0.0.1:${String(port)}`), init);
  };
}
