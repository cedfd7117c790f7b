import { readConfig } from '@escale/server-kit/config';
import { createOrm, migrate as run } from '@escale/schema/orm';
import { escaleConfig } from '../config.ts';

/** Brings an external database to this version, without starting anything. */
export async function migrate(environment: NodeJS.ProcessEnv): Promise<void> {
  const { ESCALE_DATABASE_URL: databaseUrl } = readConfig(escaleConfig, environment);
  if (databaseUrl === undefined) {
    throw new Error('set ESCALE_DATABASE_URL; the embedded database is brought up to date at every start');
  }
  const orm = await createOrm({ databaseUrl, poolSize: 2 });
  try {
    const ran = await run(orm);
    console.log(ran.length === 0 ? 'The database is up to date.' : ran.map((name) => `ran ${name}`).join('\n'));
  } finally {
    await orm.close(true);
  }
}
