import { Logger as WorkerLogger, parseCronItems, run, type TaskList } from 'graphile-worker';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { jobs, type JobParts } from './jobs/jobs.ts';

export interface WorkerSettings extends Omit<JobParts, 'signal'> {
  /** Of the same database; the worker listens on a connection of its own. */
  readonly databaseUrl: string;
}

/** The process's part in the background work. */
export interface Worker {
  /** Ends after the step that a running job is at. */
  stop(): Promise<void>;
}

/** Milliseconds before another try when the worker could not go on. */
const pause = 5000;

/**
 * The second door of this package: runs the jobs, in a process of its own or beside the registry. Costs two connections, one
 * of which listens; sleeps between the jobs. When the database goes away it comes back with it.
 */
export function startWorker(settings: WorkerSettings): Worker {
  const { logger } = settings;
  const ending = new AbortController();
  const running = (async () => {
    while (!ending.signal.aborted) {
      try {
        await runUntil(settings, ending.signal);
      } catch (error) {
        if (ending.signal.aborted) return;
        logger.warn({ err: error }, 'the background jobs cannot run; they are tried again shortly');
        await sleep(pause, undefined, { signal: ending.signal, ref: false }).catch(() => undefined);
      }
    }
  })();
  return {
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}

async function runUntil({ databaseUrl, ...parts }: WorkerSettings, signal: AbortSignal): Promise<void> {
  const pgPool = openPool(databaseUrl);
  try {
    await runOn(pgPool, parts, signal);
  } finally {
    await pgPool.end();
  }
}

/**
 * The two connections. The runner listens to the errors of a pool only while it runs: one that the server ends a moment before
 * or after that would be an error that nobody hears, and the end of the process. A broken connection fails the next query on it.
 */
function openPool(databaseUrl: string): Pool {
  const pool = new Pool({ connectionString: databaseUrl, application_name: 'escale-jobs', max: 2 });
  const heard = () => undefined;
  pool.on('error', heard);
  pool.on('connect', (client) => client.on('error', heard));
  return pool;
}

async function runOn(pgPool: Pool, parts: Omit<JobParts, 'signal'>, signal: AbortSignal): Promise<void> {
  const runner = await run({
    pgPool,
    concurrency: 1,
    // Jobs announce themselves; the poll is for those that came while nobody listened.
    pollInterval: 5000,
    noHandleSignals: true,
    taskList: tasksOf({ ...parts, signal }),
    parsedCronItems: cronItems,
    logger: quiet(parts),
  });
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= runner.stop().catch(() => undefined);
  };
  signal.addEventListener('abort', stop);
  try {
    if (signal.aborted) stop();
    await runner.promise;
    await stopping;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function tasksOf(parts: JobParts): TaskList {
  return Object.fromEntries(
    Object.entries(jobs).map(([name, job]) => [
      name,
      async () => {
        try {
          await job.run(parts);
        } catch (error) {
          if (parts.signal.aborted) return;
          parts.counters?.jobFailed(name);
          parts.logger.error({ err: error, job: name }, 'a background job failed; it is run again at its next time');
        }
      },
    ]),
  );
}

/** A job that is still waiting is not queued a second time. */
const cronItems = parseCronItems(
  Object.entries(jobs).map(([task, { cron }]) => ({
    task,
    match: cron,
    identifier: task,
    options: { maxAttempts: 1, jobKey: task, jobKeyMode: 'preserve_run_at' as const, backfillPeriod: 0 },
  })),
);

/** Only what an operator should know; the jobs themselves say what they did. */
function quiet({ logger }: Pick<JobParts, 'logger'>): WorkerLogger {
  return new WorkerLogger(() => (level, message) => {
    if (level === 'error' || level === 'warning') logger.warn({ from: 'jobs' }, message);
  });
}
