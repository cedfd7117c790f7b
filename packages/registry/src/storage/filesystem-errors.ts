import { StoreUnavailable } from './blob-store.ts';

/** For what may be missing. @returns undefined; anything else is thrown on */
export function absent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}

export function isFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

const words: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'the folder may not be accessed',
  EPERM: 'the folder may not be accessed',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EIO: 'the disk reports an error',
  ENOTDIR: 'a file stands where a folder should be',
  ENOENT: 'the folder is gone',
};

/** Turns failures of the file system into the one error that means "the store, not the request". */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !(code in words)) throw error;
    throw new StoreUnavailable(`the blob folder cannot be used: ${words[code] ?? code}`, { cause: error });
  }
}
