import { RestError } from '@azure/storage-blob';
import { StagedPartsMissing, StoreUnavailable, TooManyParts } from './blob-store.ts';

/** Turns failures of the service into the one error that means "the store, not the request". */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw unavailable(error);
  }
}

/** @returns the one error that means "the store, not the request"; its message names no account and no signature */
export function unavailable(error: unknown): unknown {
  if (isOurs(error)) return error;
  const status = error instanceof RestError ? (error.code ?? String(error.statusCode ?? '')) : '';
  return new StoreUnavailable(`Azure Blob Storage does not do its part${status ? ` (${status})` : ''}`, {
    cause: error,
  });
}

function isOurs(error: unknown): boolean {
  return [StoreUnavailable, StagedPartsMissing, TooManyParts, TypeError].some((kind) => error instanceof kind);
}
