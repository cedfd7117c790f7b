import type { RequestListener } from 'node:http';
import Koa from 'koa';
import type { BlobStore } from '@escale/registry/storage';
import { connectionCounts, type Orm } from '@escale/schema/orm';
import type { Logger } from '@escale/server-kit/logger';
import { health, requestId, type HealthCheck } from '@escale/server-kit/middleware';
import type { RequestPools } from './database.ts';

interface HealthParts {
  readonly pools: RequestPools;
  /** Which of the pools this process uses. */
  readonly serves?: readonly ('api' | 'registry')[];
  /** Where this process has one. */
  readonly blobStore?: BlobStore;
  /** Where this process runs the background jobs. */
  readonly jobs?: { check(): void };
  readonly logger: Logger;
}

/** Tells how the things are on which this process depends. It asks the database over a connection of its own. */
export function openHealthRoom({ pools, serves, blobStore, jobs, logger }: HealthParts): RequestListener {
  const koa = new Koa();
  koa.silent = true;
  koa.use(requestId());
  const checks: Record<string, { check: HealthCheck; failing: string }> = {
    database: {
      check: async () => {
        await pools.health.em.getConnection().execute('select 1');
      },
      failing: 'the database does not answer',
    },
  };
  for (const name of serves ?? (['api', 'registry'] as const)) {
    const check = () => exhausted(name, pools[name]);
    checks[`${name}Connections`] = { check, failing: 'the connection pool does not answer' };
  }
  if (blobStore)
    checks['blobStore'] = { check: (signal) => blobStore.check(signal), failing: 'the blob store does not answer' };
  if (jobs)
    checks['jobs'] = {
      check: async () => {
        jobs.check();
      },
      failing: 'the background jobs do not run: their connection to the database fails',
    };
  koa.use(
    health(checks, (name, error) => {
      logger.warn({ err: error, dependency: name }, 'a dependency does not do its part');
    }),
  );
  return koa.callback();
}

/** A pool whose connections are all busy, with requests waiting for one. It recovers by itself, so it is no failure. */
async function exhausted(name: 'api' | 'registry', orm: Orm): Promise<string | undefined> {
  const { busy, idle, waiting } = await connectionCounts(orm);
  if (waiting === 0 || idle > 0) return undefined;
  return `all ${busy} database connections of the ${name} are busy, and ${waiting} requests wait for one`;
}
