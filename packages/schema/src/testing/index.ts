export { openTestDatabase, type TestDatabase } from './database.ts';
export * from './factories.ts';
export { fillLargeRegistry, type LargeRegistry } from './large-registry.ts';
