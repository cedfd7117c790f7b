export { openTestDatabase, type TestDatabase } from './database.ts';
export * from './factories.ts';
