import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { migrate } from '../orm.ts';
import { openTestDatabase, type TestDatabase } from '../testing/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseServerUrl: string;
  }
}

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
});
afterAll(() => database.close());

test('the migrations make exactly the tables that the entities describe', async () => {
  const sql = await database.orm.schema.getUpdateSchemaSQL({ wrap: false });
  expect(sql.trim()).toBe('');
});

test('migrating what is up to date does nothing, also when several start at once', async () => {
  expect(await Promise.all([migrate(database.orm), migrate(database.orm), migrate(database.orm)])).toEqual([[], [], []]);
});
