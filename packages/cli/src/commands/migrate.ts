import { createOrm, migrate as run, patient } from '@escale/schema/orm';
import { readConfig } from '@escale/server-kit/config';
import { escaleConfig } from '../config.ts';
import { databasePlace, databaseTimeouts, withPooling } from '../database.ts';

/** Brings an external database to this version, without starting anything. */
export async function migrate(environment: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(escaleConfig, environment);
  if (config.ESCALE_DATABASE_URL === undefined) {
    throw new Error('set ESCALE_DATABASE_URL; the embedded database is brought up to date at every start');
  }
  const place = await withPooling(databasePlace(config));
  const orm = await createOrm({ ...place, poolSize: 2, timeouts: patient(databaseTimeouts(config)) });
  try {
    const ran = await run(orm);
    console.log(ran.length === 0 ? 'The database is up to date.' : ran.map((name) => `ran ${name}`).join('\n'));
  } finally {
    await orm.close(true);
  }
}
