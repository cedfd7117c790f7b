import { stat } from 'node:fs/promises';
import path from 'node:path';
import { openBlobStore, type BlobStore, type BlobStoreSettings } from '@escale/registry/storage';
import type { Lifecycle } from '@escale/server-kit/lifecycle';
import { withoutSecrets, type Logger } from '@escale/server-kit/logger';
import type { EscaleConfig } from './config.ts';
import { openDatabase, type Database } from './database.ts';
import { runningAzurite, startAzurite } from './embedded/azurite.ts';
import { DataFolderInUse, openDataFolder } from './embedded/data-folder.ts';
import { runningPostgres } from './embedded/running-postgres.ts';

/** Opens the blob store, starting the embedded Azurite where that is configured. */
export async function openBlobs(
  config: EscaleConfig,
  folder: string,
  life: Lifecycle,
  logger: Logger,
): Promise<BlobStore> {
  const settings = await blobSettings(config, folder, life, logger);
  const store = await openBlobStore(settings).catch((cause: unknown) => {
    const reason = withoutSecrets(cause instanceof Error ? cause.message : String(cause));
    throw new Error(`the blob store cannot be used (${whereConfigured(config)}): ${reason}`, { cause });
  });
  return life.add('the blob store', store, (open) => open.close());
}

/** The variable that says where the blobs are. */
function whereConfigured({ blobStore, dataDir, ESCALE_AZURE_ACCOUNT_URL: url }: EscaleConfig): string {
  if (blobStore !== 'azure') return `ESCALE_DATA_DIR, ${dataDir}`;
  return url === undefined ? 'AZURE_STORAGE_CONNECTION_STRING' : 'ESCALE_AZURE_ACCOUNT_URL';
}

async function blobSettings(
  config: EscaleConfig,
  folder: string,
  life: Lifecycle,
  logger: Logger,
): Promise<BlobStoreSettings> {
  if (config.blobStore === 'filesystem') return { kind: 'filesystem', folder: folder };
  const container = config.ESCALE_AZURE_CONTAINER;
  if (config.blobStore === 'azurite') {
    const onEvent = (message: string) => {
      logger.warn({}, message);
    };
    const azurite = await startAzurite({ folder: path.join(folder, 'azurite'), onEvent });
    life.add('Azurite', azurite, (emulator) => emulator.stop());
    return { kind: 'azure', container, account: { connectionString: azurite.connectionString } };
  }
  const { AZURE_STORAGE_CONNECTION_STRING: connectionString, ESCALE_AZURE_ACCOUNT_URL: url } = config;
  if (url !== undefined) return { kind: 'azure', container, account: { url } };
  if (connectionString !== undefined) return { kind: 'azure', container, account: { connectionString } };
  throw new Error('the Azure account is not configured');
}

/**
 * Database and blob store for a command. What is embedded and runs already, because the product does, is shared with it; what
 * does not run is started and ended again.
 * @throws Error with one line for a person
 */
export async function openStorage(
  config: EscaleConfig,
  life: Lifecycle,
  logger: Logger,
): Promise<Database & { readonly blobStore: BlobStore }> {
  const embedded = config.ESCALE_DATABASE_URL === undefined || config.blobStore === 'azurite';
  const shared = embedded && !(await holdDataFolder(config, life));
  if (shared) return openRunningStorage(config, life, logger);
  const database = await openDatabase(config, config.dataDir, life, logger);
  return { ...database, blobStore: await openBlobs(config, config.dataDir, life, logger) };
}

/** The same of a product that runs: nothing is started for it. @throws Error with one line for a person */
export async function openRunningStorage(
  config: EscaleConfig,
  life: Lifecycle,
  logger: Logger,
): Promise<Database & { readonly blobStore: BlobStore }> {
  const settings = await runningParts(config);
  const database = await openDatabase(settings, config.dataDir, life, logger);
  return { ...database, blobStore: await openBlobs(settings, config.dataDir, life, logger) };
}

/** @returns false when the product runs on it */
async function holdDataFolder({ dataDir }: EscaleConfig, life: Lifecycle): Promise<boolean> {
  await stat(dataDir).catch((cause: unknown) => {
    throw new Error(`there is no data folder ${dataDir}; name it with --data`, { cause });
  });
  try {
    life.add('the data folder', await openDataFolder(dataDir), (folder) => folder.release());
    return true;
  } catch (error) {
    if (error instanceof DataFolderInUse) return false;
    throw error;
  }
}

/** The configuration with the addresses of what the running product has started. */
async function runningParts(config: EscaleConfig): Promise<EscaleConfig> {
  const databaseUrl = config.ESCALE_DATABASE_URL ?? (await runningPostgres(path.join(config.dataDir, 'database')));
  if (databaseUrl === undefined) {
    throw new Error(`the product on ${config.dataDir} is just starting or ending; try again shortly`);
  }
  if (config.blobStore !== 'azurite') return { ...config, ESCALE_DATABASE_URL: databaseUrl };
  return {
    ...config,
    ESCALE_DATABASE_URL: databaseUrl,
    blobStore: 'azure',
    AZURE_STORAGE_CONNECTION_STRING: await runningAzurite(path.join(config.dataDir, 'azurite')),
  };
}
