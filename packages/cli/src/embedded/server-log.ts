import { constants } from 'node:fs';
import { chmod, copyFile, lstat, open, rm, truncate, type FileHandle } from 'node:fs/promises';

/** Bytes of one file. The file itself and one that went before it are kept. */
const sizeLimit = 10 * 1024 * 1024;
/** Milliseconds between two looks at the size. */
const interval = 60_000;

const appended = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

/**
 * Opens the log of the database server for appending. Only its owner can read it (0600). Anything but such a file is replaced: a
 * link, which is never followed, and a file that others could read. Earlier versions wrote one, and logged statements.
 * @param file in a folder that only our user can write to
 */
export async function openServerLog(file: string): Promise<FileHandle> {
  const found = await lstat(file).catch(() => undefined);
  if (found && !(found.isFile() && (found.mode & 0o077) === 0)) await rm(file, { force: true });
  await rotate(file);
  return open(file, appended, 0o600);
}

/** Keeps the log at its size while the server writes to it. @returns what ends that */
export function keepSmall(file: string, limit: number = sizeLimit): () => void {
  const timer = setInterval(() => void rotate(file, limit).catch(() => undefined), interval);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

/** The server goes on with the same open file: it is copied, and emptied. It appends, so its next line is the first one. */
export async function rotate(file: string, limit: number = sizeLimit): Promise<void> {
  const found = await lstat(file).catch(() => undefined);
  if (!found?.isFile() || found.size <= limit) return;
  const former = `${file}.1`;
  await rm(former, { force: true });
  await copyFile(file, former, constants.COPYFILE_EXCL);
  await chmod(former, 0o600);
  await truncate(file, 0);
}
