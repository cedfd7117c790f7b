import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createVault } from '@escale/domain/credentials';
import { createOrm, type Orm } from '@escale/schema/orm';
import { createLogger } from '@escale/server-kit/logger';
import { day, text } from '../testing/collection.ts';
import { StorageBench } from '../testing/storage-bench.ts';
import { jobs, type JobParts } from './jobs.ts';

let bench: StorageBench;
let orm: Orm;
beforeAll(async () => {
  bench = await StorageBench.open(inject('databaseServerUrl'));
  orm = await createOrm({ databaseUrl: bench.database.url, poolSize: 1 });
});
afterAll(async () => {
  await orm.close(true);
  await bench.close();
});

test.each(Object.entries(jobs))('%s needs no second connection', async (_, job) => {
  const repository = await bench.repository();
  const layer = text('layer');
  const digest = await bench.upload(repository, layer);
  await bench.push(repository, { blobs: [layer], tag: '1' });
  await bench.upload(repository, text('loose'));
  await bench.pass(day + 1);
  const parts: JobParts = {
    ...bench.parts,
    orm,
    vault: createVault(randomBytes(32)),
    logger: createLogger({ level: 'silent' }),
    signal: new AbortController().signal,
    groups: {
      directory: {
        membersOf: async () => [],
        groupsOf: async () => [],
        stateOf: async () => 'enabled' as const,
        search: async () => [],
      },
      issuer: 'https://id.example.org',
      adminGroup: '/admins',
    },
  };
  await job.run(parts);
  expect(await bench.read(repository, digest)).toBe(layer);
});
