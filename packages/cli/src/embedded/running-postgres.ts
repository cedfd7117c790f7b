import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readPostmasterFile, urlOf } from './postmaster-file.ts';

/**
 * The address of an embedded database that another process runs.
 * @param folder as `startPostgres` has it
 * @returns undefined when none runs there
 */
export async function runningPostgres(folder: string): Promise<string | undefined> {
  const text = (file: string) => readFile(file, 'utf8').catch(() => undefined);
  const password = await text(path.join(folder, 'postgres-password'));
  const home = (await text(path.join(folder, 'database-lies-in')))?.trim() ?? folder;
  const server = await readPostmasterFile(path.join(home, 'cluster'));
  return password !== undefined && server?.ready ? urlOf(server, password.trim()) : undefined;
}
