export { startAzurite, type EmbeddedAzurite } from './azurite.ts';
export { DataFolderInUse, openDataFolder, type DataFolder } from './data-folder.ts';
export { createDemoIdentityProvider, type DemoIdentityProvider } from './demo-identity-provider.ts';
export { people } from './demo-people.ts';
export { freePort } from './free-port.ts';
export { runningPostgres } from './running-postgres.ts';
export { startPostgres, type EmbeddedPostgres } from './postgres.ts';
