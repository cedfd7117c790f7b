// Azurite in a process of its own: its checksums and streams must not hold up the product's event loop. Started by azurite.ts
// with its settings as JSON in the first argument; ends when its parent does.
import { createRequire } from 'node:module';

interface Settings {
  readonly folder: string;
  readonly port: number;
}

/** The parts of Azurite that are used here; the package brings no types for them. */
interface Database {
  autosaveDisable(): void;
  autosaveInterval: number;
  autosaveEnable(): void;
  saveDatabase(done: () => void): void;
}
interface BlobServerLike {
  start(): Promise<void>;
  close(): Promise<void>;
  readonly metadataStore: { readonly db: Database };
  readonly extentMetadataStore: { readonly db: Database };
}

/** Milliseconds. Its index is kept in memory and saved now and then: what it acknowledged is safe only after that. */
const saveEvery = 200;

const { folder, port } = JSON.parse(process.argv[2] ?? '{}') as Settings;
const require = createRequire(import.meta.url);
const load = (name: string): unknown => (require(`azurite/dist/src/blob/${name}`) as { default: unknown }).default;
const BlobConfiguration = load('BlobConfiguration') as new (...settings: unknown[]) => object;
const BlobServer = load('BlobServer') as new (configuration: object) => BlobServerLike;

const configuration = new BlobConfiguration(
  '127.0.0.1',
  port,
  5, // keep-alive, seconds
  `${folder}/blob-index.json`,
  `${folder}/extent-index.json`,
  [{ locationId: 'Default', locationPath: `${folder}/blobs`, maxConcurrency: 10 }],
  false, // access log
  undefined,
  false, // debug log
  undefined,
  false, // loose mode
  true, // skip the check of the API's version: the client may be newer
);
const server = new BlobServer(configuration);
await server.start();
const databases = [server.metadataStore.db, server.extentMetadataStore.db];
for (const db of databases) {
  db.autosaveDisable();
  db.autosaveInterval = saveEvery;
  db.autosaveEnable();
}

/** Its own farewell does not wait for a save that is under way: what was acknowledged in that moment would be forgotten. */
const save = async (): Promise<void> => {
  const saved = databases.map((db) => new Promise<void>((resolve) => db.saveDatabase(resolve)));
  await Promise.all(saved);
};

let ending: Promise<void> | undefined;
const end = () => {
  ending ??= server
    .close()
    .catch(() => undefined)
    .then(save)
    .finally(() => process.exit(0));
};
process.on('disconnect', end);
process.on('SIGTERM', end);
// The terminal's Ctrl-C reaches the whole group; the parent decides when the store may go.
process.on('SIGINT', () => undefined);
process.send?.('ready');
