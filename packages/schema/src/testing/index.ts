export { openTestDatabase, type TestDatabase } from './database.ts';
export * from './factories.ts';
export { fillLargeRegistry, type LargeRegistry } from './large-registry.ts';
// For tests of the whole that look into the database of a running product.
export { createOrm, type Orm } from '../orm.ts';
