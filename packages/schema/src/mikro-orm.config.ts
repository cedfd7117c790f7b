// Makes and checks migrations against a running PostgreSQL: `node mikro-orm.config.ts create <name> | check`.
import { createOrm } from './orm.ts';

const [command, name] = process.argv.slice(2);
const databaseUrl = process.env['ESCALE_DATABASE_URL'];
if (!databaseUrl) throw new Error('ESCALE_DATABASE_URL must name a database that a migration may be tried on');
const orm = await createOrm({ databaseUrl });
try {
  if (command === 'create') {
    const { fileName } = await orm.migrator.create(undefined, false, false, name);
    console.log(`${fileName}; add it to src/migrations/index.ts`);
  } else if (command === 'check') {
    const differs = await orm.migrator.checkSchema();
    if (differs) throw new Error('the entities and the migrations differ; create a migration');
  } else {
    throw new Error('say create <name> or check');
  }
} finally {
  await orm.close(true);
}
