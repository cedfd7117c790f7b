import { anonymous } from '@escale/domain/access';
import { accessTokens } from '@escale/api/access-tokens';
import { startWorker } from '@escale/registry/worker';
import type { Lifecycle } from '@escale/server-kit/lifecycle';
import { createLogger, type Logger } from '@escale/server-kit/logger';
import type { EscaleConfig } from './config.ts';
import { dataFolderOf, openDataFolder } from './embedded/data-folder.ts';
import { openFrontDoor, type Rooms } from './front-door.ts';
import { groupsToFollow } from './groups-to-follow.ts';
import { AllProcesses } from './metrics/all-processes.ts';
import { Metrics } from './metrics/metrics.ts';
import { openDatabase, openPools } from './database.ts';
import { openHealthRoom } from './health-room.ts';
import { openBlobs } from './open-storage.ts';
import { startOperations } from './operations.ts';
import { apiSettings, openApiRoom, openConsoleRoom, openRegistryRoom } from './rooms.ts';
import { openVault, prepareSecrets } from './secrets.ts';

/** What one process of a cluster can be: the registry with the background jobs, or the management API with the console. */
export type Role = 'registry' | 'api';

/**
 * Starts one role in this process, of the same parts as everything together. Nothing is embedded: the database, the identity
 * provider and the store are shared with the other role.
 * @throws Error that lists what the role lacks, one problem a line
 */
export async function startRole(role: Role, config: EscaleConfig, life: Lifecycle): Promise<void> {
  requireShared(role, config);
  const logger = createLogger({ level: config.ESCALE_LOG_LEVEL });
  try {
    const counters = new Metrics();
    const door = await openFrontDoor(config, counters.requests, logger);
    life.add(
      'the operations port',
      await startOperations(config.operationsPort, new AllProcesses(counters)),
      (server) => {
        server.close();
      },
    );
    const open = role === 'registry' ? openRegistry : openApi;
    const rooms = await open(config, life, { logger, counters });
    life.add('the listener', door, (opened) => opened.close());
    door.open(rooms);
  } catch (error) {
    await life.stop();
    throw error;
  }
}

function requireShared(role: Role, { ESCALE_DATABASE_URL: databaseUrl, oidc, blobStore }: EscaleConfig): void {
  const problems: string[] = [];
  if (databaseUrl === undefined) problems.push('ESCALE_DATABASE_URL must name the database that both roles share');
  if (!oidc) problems.push('ESCALE_OIDC_ISSUER must name an identity provider: the demo one is part of `escale start`');
  if (role === 'registry' && blobStore === 'azurite')
    problems.push('ESCALE_BLOB_STORE must be filesystem or azure: Azurite is part of `escale start`');
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

interface RoleParts {
  readonly logger: Logger;
  readonly counters: Metrics;
}

async function openRegistry(config: EscaleConfig, life: Lifecycle, { logger, counters }: RoleParts): Promise<Rooms> {
  const folder = dataFolderOf(config.dataDir);
  if (config.blobStore === 'filesystem') {
    life.add('the data folder', await openDataFolder(config.dataDir), (held) => held.release());
  }
  const vault = await openVault(config, folder);
  const database = await openDatabase(config, folder.path, life, logger);
  const { orm } = database;
  const pools = await openPools(config, database, life);
  const blobStore = await openBlobs(config, folder.path, life, logger);
  counters.watchDatabase([orm, ...Object.values(pools)]);
  await prepareSecrets(config, { orm, vault });
  const groups = groupsToFollow(config);
  const jobs = { orm, vault, blobStore, logger, counters, ...(groups && { groups }) };
  const worker = life.add('the background jobs', startWorker(jobs), (running) => running.stop());
  const identify = accessTokens(apiSettings(config, config.oidc));
  const identifyAccessToken = (token: string) =>
    identify({ em: pools.registry.em.fork(), principal: anonymous, now: new Date(), vault, client: {} }, token);
  return {
    registry: openRegistryRoom(config, life, { pools, vault, blobStore, logger, identifyAccessToken, counters }),
    health: openHealthRoom({ pools, serves: ['registry'], blobStore, jobs: worker, logger }),
  };
}

async function openApi(config: EscaleConfig, life: Lifecycle, { logger, counters }: RoleParts): Promise<Rooms> {
  const folder = dataFolderOf(config.dataDir);
  const vault = await openVault(config, folder);
  const database = await openDatabase(config, folder.path, life, logger);
  const { orm } = database;
  const pools = await openPools(config, database, life);
  counters.watchDatabase([orm, ...Object.values(pools)]);
  await prepareSecrets(config, { orm, vault });
  const api = await openApiRoom(config, life, { oidc: config.oidc, orm: pools.api, vault, logger, embedded: false });
  return {
    api: api.koa.callback(),
    health: openHealthRoom({ pools, serves: ['api'], logger }),
    console: openConsoleRoom(),
  };
}
