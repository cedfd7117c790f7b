import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startAzurite, startPostgres } from '@escale/cli/embedded';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of a PostgreSQL server on which each test file makes a database of its own. */
    databaseServerUrl: string;
    azureConnectionString: string;
  }
}

/** Projects whose tests make databases and containers of their own; the others start the whole product, which brings its parts. */
const users: ReadonlySet<string> = new Set(['unit', 'whole']);

/** One PostgreSQL and one Azurite for the whole run: real parts, started once. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (!project.vitest.projects.some(({ name }) => users.has(name))) return undefined;
  const folder = await mkdtemp(path.join(tmpdir(), 'escale-parts-'));
  const [postgres, azurite] = await Promise.all([
    startPostgres({ folder: path.join(folder, 'database'), durability: 'none' }),
    startAzurite({ folder: path.join(folder, 'azurite') }),
  ]);
  project.provide('databaseServerUrl', postgres.url);
  project.provide('azureConnectionString', azurite.connectionString);
  return async () => {
    await Promise.all([postgres.stop(), azurite.stop()]);
    await rm(folder, { recursive: true, force: true });
  };
}
