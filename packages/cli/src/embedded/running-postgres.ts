import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readPostmasterFile, urlOf } from './postmaster-file.ts';
import { owner } from './server-roles.ts';

/** The file with the password of the product's role, in the folder of the embedded database. */
export const ownerPasswordFile = 'database-password';

/**
 * The address of an embedded database that another process runs, for the role of the product.
 * @param folder as `startPostgres` has it
 * @returns undefined when none runs there
 */
export async function runningPostgres(folder: string): Promise<string | undefined> {
  const text = (file: string) => readFile(file, 'utf8').catch(() => undefined);
  const password = (await text(path.join(folder, ownerPasswordFile)))?.trim();
  const home = (await text(path.join(folder, 'database-lies-in')))?.trim() ?? folder;
  const server = await readPostmasterFile(path.join(home, 'cluster'));
  // A path, and never the name of a host.
  if (!password || !server?.ready || !path.isAbsolute(server.socketFolder)) return undefined;
  return urlOf(server, { user: owner, password });
}
