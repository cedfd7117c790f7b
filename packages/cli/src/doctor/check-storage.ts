import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { openBlobStore } from '@escale/registry/storage';
import { connectOnce, findPooling, type DatabasePlace } from '@escale/schema/orm';
import type { EscaleConfig } from '../config.ts';
import { databasePlace, directUrlMissing } from '../database.ts';
import { runningAzurite } from '../embedded/azurite.ts';
import { runningPostgres } from '../embedded/running-postgres.ts';
import { failed, notChecked, ok, reasonOf, type Finding } from './finding.ts';

const oldest = 140_000;
/** Milliseconds. */
const patience = 10_000;

/** Whether the database is there, new enough, and lets us in, also past a pooler. Changes nothing in it. */
export async function checkDatabase(config: EscaleConfig): Promise<Finding> {
  const { ESCALE_DATABASE_URL: given, dataDir } = config;
  const embedded = given === undefined;
  const url = given ?? (await runningPostgres(path.join(dataDir, 'database')).catch(() => undefined));
  if (url === undefined)
    return notChecked('database', 'the embedded one, which runs while the product does; it does not at the moment');
  const place = databasePlace(config, url);
  try {
    const pooling = embedded ? 'none' : await findPooling(place);
    if (pooling === 'transaction' && place.directUrl === undefined)
      return failed('database', 'it is reached through a pooler that keeps no sessions', directUrlMissing);
    return await checkServer({ ...place, pooling }, embedded ? ', embedded' : poolerWords[pooling]);
  } catch (error) {
    return failed(
      'database',
      `it cannot be used (${reasonOf(error)})`,
      'correct ESCALE_DATABASE_URL (postgres://user:password@host:5432/name), start the server, or let this machine reach it',
    );
  }
}

const poolerWords = {
  none: '',
  session: ', through a pooler that keeps sessions',
  transaction: ', through a pooler in transaction mode and past it',
};

async function checkServer(place: DatabasePlace, how: string): Promise<Finding> {
  const client = await connectOnce(place, { applicationName: 'escale-doctor', patience });
  try {
    const { rows } = await client.query<{ number: string; words: string; create: boolean; encrypted: boolean | null }>(
      `select current_setting('server_version_num') as number, current_setting('server_version') as words,
              has_database_privilege(current_database(), 'create') as create,
              (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as encrypted`,
    );
    const [row] = rows;
    if (!row || Number(row.number) < oldest) {
      return failed('database', `it is PostgreSQL ${row?.words ?? ''}`, 'use PostgreSQL 14 or later');
    }
    if (!row.create) {
      return failed(
        'database',
        'its user may not create a schema in it',
        'grant create on database … to the user of ESCALE_DATABASE_URL: the background jobs have a schema of their own',
      );
    }
    return ok('database', `PostgreSQL ${row.words}${how}${row.encrypted ? ', encrypted' : ''}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether the blob store answers, and takes what is written. */
export async function checkBlobStore(config: EscaleConfig): Promise<Finding> {
  const { blobStore, dataDir } = config;
  if (blobStore === 'filesystem') return checkFolder(dataDir);
  const container = config.ESCALE_AZURE_CONTAINER;
  try {
    const store = await openBlobStore({ kind: 'azure', container, account: await accountOf(config) });
    try {
      await store.check(AbortSignal.timeout(patience));
      return ok('blob store', `the container ${container}`);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (blobStore === 'azurite')
      return notChecked('blob store', 'the embedded one, which runs while the product does; it does not at the moment');
    return failed(
      'blob store',
      `the container ${container} cannot be used (${reasonOf(error)})`,
      'correct AZURE_STORAGE_CONNECTION_STRING or ESCALE_AZURE_ACCOUNT_URL; a managed identity needs the role "Storage Blob Data Contributor" on the account',
    );
  }
}

async function accountOf(config: EscaleConfig): Promise<{ url: string } | { connectionString: string }> {
  const { blobStore, dataDir, ESCALE_AZURE_ACCOUNT_URL: url, AZURE_STORAGE_CONNECTION_STRING: given } = config;
  if (blobStore === 'azurite') return { connectionString: await runningAzurite(path.join(dataDir, 'azurite')) };
  return url === undefined ? { connectionString: given ?? '' } : { url };
}

/** The folder, or the nearest one above it that exists: the first start makes the rest. */
async function checkFolder(folder: string): Promise<Finding> {
  let existing = folder;
  while (existing !== path.dirname(existing) && !(await exists(existing))) existing = path.dirname(existing);
  try {
    await access(existing, constants.W_OK | constants.X_OK);
    return ok('blob store', `the folder ${folder}`);
  } catch (error) {
    return failed(
      'blob store',
      `the folder ${existing} cannot be written to (${reasonOf(error)})`,
      'give it to the user who runs the product, or name another with ESCALE_DATA_DIR',
    );
  }
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
