import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';

/** Fails on a link, and on anything that exists already. */
const fresh = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Makes a file that only its owner can read (0600). It is complete or absent whenever the process ends, and never written through
 * a link: the bytes go to a new file of a random name, which then takes the name.
 * @param adjust what else the file needs before it takes its name
 */
export async function writePrivateFile(
  file: string,
  text: string,
  adjust: (handle: FileHandle) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}.new`;
  const handle = await open(draft, fresh, 0o600);
  try {
    await handle.writeFile(text);
    await adjust(handle);
    await handle.sync();
    await handle.close();
    await rename(draft, file);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(draft, { force: true });
    throw error;
  }
}

/** The text of a file without the white space around it, or of one that is made now. */
export async function readOrCreate(file: string, make: () => string): Promise<string> {
  const found = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  });
  if (found.trim() !== '') return found.trim();
  const value = make();
  await writePrivateFile(file, `${value}\n`);
  return value;
}
