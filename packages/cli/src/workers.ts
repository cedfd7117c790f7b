import cluster, { type Worker } from 'node:cluster';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '@escale/server-kit/logger';
import type { AllProcesses } from './metrics/all-processes.ts';
import type { Numbers } from './metrics/metrics.ts';

/** What a worker and the process that started it say to each other. */
export type ToWorker =
  | { readonly say: 'begin'; readonly identityProviderPort: number | undefined }
  | { readonly say: 'open' }
  | { readonly say: 'count' }
  /** Whether the background jobs run, which the first process knows. */
  | { readonly say: 'jobs'; readonly running: boolean };
export type FromWorker = { readonly say: 'present' | 'ready' } | { readonly say: 'counted'; readonly numbers: Numbers };

/** What workers need of the process that starts them. */
export interface WorkerParts {
  readonly logger: Logger;
  /** Counts them in. */
  readonly metrics: AllProcesses;
  /** Of the embedded one: it has its state here, and workers send its requests here. */
  readonly identityProvider: RequestListener | undefined;
  /** Runs the background jobs. */
  readonly jobs: { check(): void };
}

/** Milliseconds until a worker that ended is replaced: doubled while the next ones end as well, up to half a minute. */
const pause = 500;
const longestPause = 30_000;
/** Milliseconds between two times that workers are told whether the jobs run. */
const tellEvery = 2000;
/** Milliseconds that a worker gets to end. */
const patience = 7000;

/**
 * The processes that answer requests, where there are several. They share the public port; this process keeps what there is one
 * of: the data folder, what is embedded, the jobs. A worker that ends is replaced; all end with this process.
 */
export class Workers {
  readonly #logger: Logger;
  readonly #metrics: AllProcesses;
  readonly #identityProviderPort: number | undefined;
  readonly #jobs: WorkerParts['jobs'];
  readonly #telling: NodeJS.Timeout;
  readonly #running = new Set<Worker>();
  #isOpen = false;
  #pause = pause;
  #stopping = false;

  private constructor({ logger, metrics, jobs }: WorkerParts, identityProviderPort: number | undefined) {
    this.#jobs = jobs;
    this.#telling = setInterval(() => {
      for (const worker of this.#running) this.#tellOfJobs(worker);
    }, tellEvery);
    this.#telling.unref();
    this.#logger = logger;
    this.#metrics = metrics;
    this.#identityProviderPort = identityProviderPort;
  }

  /**
   * Starts them and waits until they could answer.
   * @throws Error when one of them cannot start
   */
  static async start(count: number, parts: WorkerParts): Promise<Workers> {
    cluster.setupPrimary({ args: process.argv.slice(2) });
    const workers = new Workers(parts, parts.identityProvider && (await serveInside(parts.identityProvider)));
    const ready = Array.from({ length: count }, () => workers.#launch());
    try {
      await Promise.all(ready);
    } catch (error) {
      await workers.stop();
      throw error;
    }
    return workers;
  }

  /** From now on they listen. */
  async open(): Promise<void> {
    this.#isOpen = true;
    await Promise.all([...this.#running].map((worker) => openDoor(worker)));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#telling);
    const ended = [...this.#running].map((worker) => {
      const cut = setTimeout(() => worker.process.kill('SIGKILL'), patience);
      worker.process.kill('SIGTERM');
      return new Promise<void>((resolve) => {
        worker.once('exit', () => {
          clearTimeout(cut);
          resolve();
        });
      });
    });
    await Promise.all(ended);
  }

  #tellOfJobs(worker: Worker): void {
    let running = true;
    try {
      this.#jobs.check();
    } catch {
      running = false;
    }
    tell(worker, { say: 'jobs', running });
  }

  /** Resolves when it is ready. */
  async #launch(): Promise<void> {
    const worker = cluster.fork();
    this.#running.add(worker);
    this.#metrics.add(worker);
    await new Promise<void>((resolve, reject) => {
      worker.on('message', ({ say }: FromWorker) => {
        if (say === 'present') tell(worker, { say: 'begin', identityProviderPort: this.#identityProviderPort });
        else if (say === 'ready') resolve();
      });
      worker.once('exit', (code, signal) => {
        this.#running.delete(worker);
        reject(new Error(`a worker ended (${signal || String(code)})`));
        if (!this.#isOpen || this.#stopping) return;
        this.#logger.warn({ pid: worker.process.pid }, 'a worker ended; another takes its place');
        this.#replace();
      });
    });
  }

  /** Where the next one ends as well, its own end brings us here again. */
  #replace(): void {
    const wait = this.#pause;
    this.#pause = Math.min(wait * 2, longestPause);
    setTimeout(() => {
      if (this.#stopping) return;
      void this.#launch().then(
        async () => {
          this.#pause = pause;
          for (const worker of this.#running) if (!worker.isDead()) await openDoor(worker);
        },
        () => undefined,
      );
    }, wait).unref();
  }
}

/** Twice is as good as once. */
async function openDoor(worker: Worker): Promise<void> {
  if (opened.has(worker)) return;
  opened.add(worker);
  const listening = new Promise<void>((resolve) => {
    worker.once('listening', () => {
      resolve();
    });
    worker.once('exit', () => {
      resolve();
    });
  });
  tell(worker, { say: 'open' });
  await listening;
}

const opened = new WeakSet<Worker>();

function tell(worker: Worker, message: ToWorker): void {
  // One that is just ending cannot be told any more; its end is heard of.
  if (worker.isConnected()) worker.send(message);
}

async function serveInside(handler: RequestListener): Promise<number> {
  const server = createServer(handler);
  server.unref();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
