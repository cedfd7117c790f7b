import { chmod, lstat, stat } from 'node:fs/promises';

/**
 * Makes sure that nobody else can change what lies in a folder of ours. Otherwise another user could lead what we write there
 * elsewhere, by a link, and as root we could write anywhere.
 * - Write permission of others on a folder of ours is taken away.
 * - Root refuses a folder of another user, and every user refuses a link that another user made.
 * - An ordinary user may use a folder of another one: volumes of clusters belong to root and are shared by their group.
 * @param what as messages call it
 * @throws Error with one line for a person
 */
export async function requireOwnFolder(folder: string, what: string): Promise<void> {
  const self = process.getuid?.();
  if (self === undefined) return;
  const link = await lstat(folder);
  if (link.isSymbolicLink() && link.uid !== self && link.uid !== 0)
    throw new Error(`${what} ${folder} is a link that another user made (uid ${String(link.uid)}); remove it`);
  const { uid: owner, mode } = await stat(folder);
  if (self === 0 && owner !== 0) {
    throw new Error(
      `${what} ${folder} belongs to another user (uid ${String(owner)}): start as that user, or give it to root with: chown -R root ${folder}`,
    );
  }
  if (owner === self && (mode & 0o022) !== 0) await chmod(folder, mode & 0o7755);
}
