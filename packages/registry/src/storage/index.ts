import type { BlobStore } from './blob-store.ts';
import { FilesystemBlobStore } from './filesystem-blob-store.ts';

export type { BlobStore } from './blob-store.ts';

/** Where the bytes shall lie. */
export type BlobStoreSettings =
  | { readonly kind: 'filesystem'; readonly folder: string }
  | {
      readonly kind: 'azure';
      readonly container: string;
      readonly account: { readonly connectionString: string } | { readonly url: string };
    };

/** Opens a store and makes its container or folders. Azure's client is loaded only when it is used. */
export async function openBlobStore(settings: BlobStoreSettings): Promise<BlobStore> {
  const store =
    settings.kind === 'filesystem' ? new FilesystemBlobStore({ folder: settings.folder }) : await openAzure(settings);
  await store.prepare();
  return store;
}

async function openAzure({ account, container }: Extract<BlobStoreSettings, { kind: 'azure' }>): Promise<BlobStore> {
  const { AzureBlobStore } = await import('./azure-blob-store.ts');
  const { azureContainer } = await import('./azure-container.ts');
  return new AzureBlobStore({ container: await azureContainer(account, container) });
}
