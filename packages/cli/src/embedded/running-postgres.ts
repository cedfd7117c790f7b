import { readFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * The address of an embedded database that another process runs.
 * @param folder as `startPostgres` has it
 * @returns undefined when none runs there
 */
export async function runningPostgres(folder: string): Promise<string | undefined> {
  const text = (file: string) => readFile(file, 'utf8').catch(() => undefined);
  const password = await text(path.join(folder, 'postgres-password'));
  const home = (await text(path.join(folder, 'database-lies-in')))?.trim() ?? folder;
  const [, , , port, , , , status] = (await text(path.join(home, 'cluster', 'postmaster.pid')))?.split('\n') ?? [];
  if (password === undefined || port === undefined || status?.trim() !== 'ready') return undefined;
  return `postgres://postgres:${password.trim()}@127.0.0.1:${port}/postgres`;
}
