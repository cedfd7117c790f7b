import { closeSync, constants, fsync, open, openSync, write } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { absent } from './filesystem-errors.ts';

// Each step that waits for the disk is one turn of a helper thread, which costs more than a small step does. So the sync is part
// of the write (O_DSYNC), and what waits for nothing, closing and opening a folder that is in use, is done at once.
const openLater = promisify(open);
const writeLater = promisify(write);
const syncLater = promisify(fsync);

const { O_WRONLY, O_CREAT, O_EXCL, O_DSYNC } = constants;
const asNew = O_WRONLY | O_CREAT | O_EXCL | O_DSYNC;

/**
 * Makes a file of which nobody knows yet, and its folder where that is missing; both last when this resolves, and nothing is
 * left of them when it does not, unless the process ends: then there may be a part.
 */
export async function createDurably(file: string, content: Uint8Array): Promise<void> {
  const folder = path.dirname(file);
  let made: string | undefined;
  let handle = await openLater(file, asNew, 0o600).catch(absent);
  if (handle === undefined) {
    made = await mkdir(folder, { recursive: true, mode: 0o700 });
    handle = await openLater(file, asNew, 0o600);
  }
  // Nobody looks before both have reached the disk, so neither waits for the other.
  const outcomes = await Promise.allSettled([writeAll(handle, content), syncFolders(folder, made)]);
  closeSync(handle);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (!failed) return;
  await rm(file, { force: true }).catch(() => undefined);
  throw failed.reason;
}

async function writeAll(handle: number, content: Uint8Array): Promise<void> {
  for (let done = 0; done < content.length;) {
    const { bytesWritten } = await writeLater(handle, content, done, content.length - done, done);
    done += bytesWritten;
  }
}

/**
 * The entries of a folder reach the disk.
 * @param made the topmost folder that was just created, when one was: its parent's entry must last too
 */
export async function syncFolders(from: string, made?: string): Promise<void> {
  const top = made === undefined ? from : path.dirname(made);
  const folders = [from];
  for (let folder = from; folder !== top && folder !== path.dirname(folder);) {
    folder = path.dirname(folder);
    folders.push(folder);
  }
  // Side by side: each waits for the same disk.
  await Promise.all(folders.map(syncFolder));
}

/** Opened anew each time, so that each call learns of every error. */
async function syncFolder(folder: string): Promise<void> {
  const handle = openSync(folder, constants.O_RDONLY);
  try {
    await syncLater(handle);
  } finally {
    closeSync(handle);
  }
}
