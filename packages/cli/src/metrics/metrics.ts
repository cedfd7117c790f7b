import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Counters, GarbageResult } from '@escale/registry/app';
import { jobNames } from '@escale/registry/jobs';
import { connectionCounts, type Orm } from '@escale/schema/orm';
import { version } from '../version.ts';
import { RequestCounts } from './request-counts.ts';

/** All numbers of a process at one moment, in a form that goes from process to process. */
export type Numbers = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

const garbageResults: readonly GarbageResult[] = ['done', 'frozen', 'failed'];

/**
 * What this process counts. No label holds the name of a person, a repository or an organization (T48): all come from lists in
 * the code. What can be known beforehand begins at zero, so that its first increase is seen as one.
 */
export class Metrics implements Counters {
  readonly requests: RequestCounts;
  readonly #registry = new Registry();
  readonly #manifestPulls = this.#counter('escale_manifest_pulls_total', 'Manifests sent, those of an index each');
  readonly #manifestPushes = this.#counter('escale_manifest_pushes_total', 'Manifests stored');
  readonly #blobUploads = this.#counter('escale_blob_uploads_total', 'Blobs received; mounts are none');
  readonly #loginFailures = this.#counter('escale_login_failures_total', 'Credentials that the registry refused');
  readonly #bytesFreed = this.#counter('escale_garbage_bytes_freed_total', 'Bytes that the collector deleted');
  readonly #garbageRuns = this.#counter('escale_garbage_runs_total', 'Runs of the collector, by their end', 'result');
  readonly #jobsFailed = this.#counter('escale_jobs_failed_total', 'Background jobs that failed', 'job');

  constructor() {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry, prefix: 'escale_' });
    this.requests = new RequestCounts(this.#registry);
    for (const result of garbageResults) this.#garbageRuns.inc({ result }, 0);
    for (const job of jobNames) this.#jobsFailed.inc({ job }, 0);
    const help = 'Always 1; the label says which version this is';
    const build = { name: 'escale_build_info', help, labelNames: ['version'], aggregator: 'first' as const, registers };
    new Gauge(build).set({ version }, 1);
  }

  /** Counts the connections of this process's pools from now on, whenever it is asked. */
  watchDatabase(orms: readonly Orm[]): void {
    const connections = new Gauge<'state'>({
      name: 'escale_database_connections',
      help: 'Connections of the pools, busy and idle; waiting: those who want one and get none yet',
      labelNames: ['state'],
      registers: [this.#registry],
      collect: async () => {
        const all = await Promise.all(orms.map((orm) => connectionCounts(orm)));
        for (const state of ['busy', 'idle', 'waiting'] as const)
          connections.set(
            { state },
            all.reduce((sum, counts) => sum + counts[state], 0),
          );
      },
    });
  }

  numbers(): Promise<Numbers> {
    return this.#registry.getMetricsAsJSON();
  }

  manifestPulled(): void {
    this.#manifestPulls.inc();
  }

  manifestPushed(): void {
    this.#manifestPushes.inc();
  }

  blobUploaded(): void {
    this.#blobUploads.inc();
  }

  loginFailed(): void {
    this.#loginFailures.inc();
  }

  garbageRun(result: GarbageResult, bytesFreed: number): void {
    this.#garbageRuns.inc({ result });
    this.#bytesFreed.inc(bytesFreed);
  }

  jobFailed(job: string): void {
    this.#jobsFailed.inc({ job });
  }

  #counter<Label extends string = never>(name: string, help: string, ...labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }
}
