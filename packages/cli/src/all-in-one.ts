import type { Faults } from '@escale/domain/faults';
import { startWorker } from '@escale/registry/worker';
import { Lifecycle } from '@escale/server-kit/lifecycle';
import { createLogger, type Logger } from '@escale/server-kit/logger';
import type { EscaleConfig } from './config.ts';
import { openDataFolder } from './embedded/data-folder.ts';
import { onlyForThisMachine } from './embedded/demo-callers.ts';
import { createDemoIdentityProvider } from './embedded/demo-identity-provider.ts';
import { openFrontDoor } from './front-door.ts';
import { groupsToFollow } from './groups-to-follow.ts';
import { AllProcesses } from './metrics/all-processes.ts';
import { Metrics } from './metrics/metrics.ts';
import { openDatabase, openPools } from './database.ts';
import { openBlobs } from './open-storage.ts';
import { startOperations } from './operations.ts';
import { demoSettings, openRooms } from './rooms.ts';
import { openVault, prepareSecrets } from './secrets.ts';
import { Workers } from './workers.ts';

/** The whole product, running. */
export interface Escale {
  readonly url: string;
  /** Of the demo users; absent with an identity provider of one's own. */
  readonly demoPassword: string | undefined;
  stop(): Promise<void>;
}

/**
 * Starts everything in this process, with what is embedded beside it: database, blob store, identity provider, registry,
 * management API, console. With several workers, those answer the requests instead. What was started is ended again when a
 * later part fails.
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
  const counters = new Metrics();
  const metrics = new AllProcesses(counters);
  // Opened first: a taken port must be known before a database is made. Closed last but for the folder's lock.
  const door = await openFrontDoor(config, counters.requests, logger);
  life.add('the operations port', await startOperations(config.operationsPort, metrics), (server) => {
    server.close();
  });
  const vault = await openVault(config, data);
  const demo = config.oidc ? undefined : await demoSettings(config, data);
  const [database, blobStore, provider] = await settled([
    openDatabase(config, data.path, life, logger),
    openBlobs(config, data.path, life, logger),
    demo ? createDemoIdentityProvider(demo) : undefined,
  ]);
  const { orm } = database;
  await prepareSecrets(config, { orm, vault });
  const groups = groupsToFollow(config);
  const jobs = {
    orm,
    vault,
    blobStore,
    logger,
    counters,
    ...(faults && { faults }),
    ...(groups && { groups }),
  };
  const worker = life.add('the background jobs', startWorker(jobs), (running) => running.stop());
  if (config.ESCALE_WORKERS > 1) {
    counters.watchDatabase([orm]);
    life.add('the listener', door, (opened) => opened.close());
    const workers = await Workers.start(config.ESCALE_WORKERS, {
      logger,
      metrics,
      identityProvider: provider?.handler,
      jobs: worker,
    });
    life.add('the workers', workers, (running) => running.stop());
    await door.close();
    await workers.open();
  } else {
    const embedded = demo &&
      provider && {
        settings: demo,
        room: { ...provider, handler: onlyForThisMachine(config.ESCALE_DEMO_NETWORKS ?? [], provider.handler) },
      };
    const pools = await openPools(config, database, life);
    counters.watchDatabase([orm, ...Object.values(pools)]);
    const parts = { pools, vault, blobStore, logger, demo: embedded, counters, jobs: worker, faults };
    const rooms = await openRooms(config, life, parts);
    // Ended before the rooms are: what they still hold is written when nobody comes in any more.
    life.add('the listener', door, (opened) => opened.close());
    door.open(rooms);
  }
  return { url: config.externalUrl, demoPassword: demo?.password, stop: () => life.stop() };
}

/** Waits for all of them even when one fails, so that nothing is still starting while everything is being ended. */
async function settled<Parts extends readonly unknown[]>(
  parts: [...Parts],
): Promise<{ [Index in keyof Parts]: Awaited<Parts[Index]> }> {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}
