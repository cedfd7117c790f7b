import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createVault } from '@escale/domain/credentials';
import { createOrm } from '@escale/schema/orm';
import { createLogger } from '@escale/server-kit/logger';
import { StorageBench } from './testing/storage-bench.ts';
import { startWorker, type Worker } from './worker.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseServerUrl: string;
  }
}

const connections = `from pg_stat_activity where application_name = 'escale-jobs' and datname = current_database()`;
let bench: StorageBench;
let worker: Worker;
let failing = false;
const failed: string[] = [];
const runs: string[] = [];
const ignored = () => undefined;
beforeAll(async () => {
  bench = await StorageBench.open(inject('databaseServerUrl'));
  worker = startWorker({
    ...bench.parts,
    vault: createVault(randomBytes(32)),
    logger: createLogger({ level: 'fatal' }),
    faults: (point) => {
      if (failing && point === 'garbage.planned') throw new Error('as the test wants it');
    },
    counters: {
      manifestPulled: ignored,
      manifestPushed: ignored,
      blobUploaded: ignored,
      loginFailed: ignored,
      garbageRun: (result) => runs.push(result),
      jobFailed: (job) => failed.push(job),
    },
  });
});
afterAll(async () => {
  await worker.stop();
  await until(`select 1 where not exists (select 1 ${connections})`);
  await bench.close();
});

/** Looks until the rows are there; the test's own timeout ends it. */
async function until(sql: string): Promise<void> {
  for (;;) {
    const found = await bench.rows(sql).catch(() => []);
    if (found.length > 0) return;
    await sleep(50);
  }
}

test('a job that is added runs, in the worker of this process', async () => {
  await until(
    `select 1 from information_schema.tables where table_schema = 'graphile_worker' and table_name = '_private_jobs'`,
  );
  await until(`select graphile_worker.add_job('collect-garbage')`);
  await until('select 1 from garbage_runs where finished_at is not null and not dry_run');
});

test('the worker uses two connections at most, and comes back when the database has thrown it out', async () => {
  await until(`select 1 ${connections}`);
  expect((await bench.rows(`select 1 ${connections}`)).length).toBeLessThanOrEqual(2);
  await bench.rows(`select pg_terminate_backend(pid) ${connections}`);
  await bench.rows('delete from garbage_runs');
  await until(`select graphile_worker.add_job('collect-garbage')`);
  await until('select 1 from garbage_runs where finished_at is not null');
});

test('a runner that cannot connect says so, for as long as that is so', async () => {
  const orm = await createOrm({ databaseUrl: bench.database.url, directUrl: 'postgres://nobody@127.0.0.1:1/away' });
  const parts = { ...bench.parts, orm, vault: createVault(randomBytes(32)), logger: createLogger({ level: 'silent' }) };
  const away = startWorker(parts);
  const check = () => {
    away.check();
  };
  await expect.poll(() => catchError(check)).toContain('cannot run');
  await away.stop();
  await orm.close(true);
  worker.check();
});

function catchError(call: () => void): string {
  try {
    call();
    return '';
  } catch (error) {
    return String(error);
  }
}

test('a job that fails is counted, and so is how a run of the collector ended', async () => {
  expect(runs).toContain('done');
  expect(failed).toEqual([]);
  failing = true;
  await until(`select graphile_worker.add_job('collect-garbage')`);
  await expect.poll(() => failed, { timeout: 20_000 }).toEqual(['collect-garbage']);
  expect(runs.at(-1)).toBe('failed');
});
