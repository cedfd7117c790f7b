import { Logger as WorkerLogger, parseCronItems, run, type TaskList } from 'graphile-worker';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { openDirectPool } from '@escale/schema/orm';
import { jobs, type JobParts } from './jobs/jobs.ts';

/** `orm` is what the jobs work on; the runner makes its own connections to the same database. */
export type WorkerSettings = Omit<JobParts, 'signal'>;

/** The process's part in the background work. */
export interface Worker {
  /** @throws Error why the jobs do not run, while they cannot */
  check(): void;
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
  let problem: unknown;
  const onRunning = () => {
    problem = undefined;
  };
  const running = (async () => {
    while (!ending.signal.aborted) {
      try {
        await runUntil(settings, ending.signal, onRunning);
      } catch (error) {
        if (ending.signal.aborted) return;
        problem = error;
        logger.warn({ err: error }, 'the background jobs cannot run; they are tried again shortly');
        await sleep(pause, undefined, { signal: ending.signal, ref: false }).catch(() => undefined);
      }
    }
  })();
  return {
    check: () => {
      if (problem !== undefined) throw new Error('the background jobs cannot run', { cause: problem });
    },
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}

async function runUntil(parts: WorkerSettings, signal: AbortSignal, onRunning: () => void): Promise<void> {
  const pgPool = openPool(parts);
  try {
    await runOn(pgPool, parts, signal, onRunning);
  } finally {
    await pgPool.end();
  }
}

/**
 * The two connections. The runner listens to the errors of a pool only while it runs: one that the server ends a moment before
 * or after that would be an error that nobody hears, and the end of the process. A broken connection fails the next query on it.
 */
function openPool({ orm }: Pick<WorkerSettings, 'orm'>): Pool {
  const pool = openDirectPool(orm, { applicationName: 'escale-jobs', max: 2 });
  const heard = () => undefined;
  pool.on('error', heard);
  pool.on('connect', (client) => client.on('error', heard));
  return pool;
}

async function runOn(pgPool: Pool, parts: WorkerSettings, signal: AbortSignal, onRunning: () => void): Promise<void> {
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
  onRunning();
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
