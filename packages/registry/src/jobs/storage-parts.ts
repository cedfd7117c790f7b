import type { RegistryParts } from '../services.ts';

/** What the jobs work on. */
export type StorageParts = Pick<RegistryParts, 'orm' | 'blobStore' | 'faults'>;
