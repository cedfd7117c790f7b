import type { Worker } from 'node:cluster';
import { AggregatorRegistry, Registry } from 'prom-client';
import type { FromWorker, ToWorker } from '../workers.ts';
import type { Metrics, Numbers } from './metrics.ts';

/** Milliseconds that a worker gets to say its numbers; then those that it said last stand for it. */
const patience = 500;

/** What is known of a worker's numbers. */
interface Known {
  numbers: Numbers;
  /** It has been asked, and has not answered yet: one that hangs must not find a heap of questions. */
  asked: boolean;
  /** Those who wait for the answer. */
  readonly waiting: Set<() => void>;
}

/** The numbers of this process and of its workers, summed; one page stands for all, also while one of them hangs. */
export class AllProcesses {
  readonly #own: Metrics;
  readonly #workers = new Map<Worker, Known>();
  /** What workers that ended had counted: a sum that fell would look like a new beginning of everything. */
  #ended: Numbers[] = [];
  #answering: Promise<string> | undefined;

  constructor(own: Metrics) {
    this.#own = own;
  }

  /** Counts this worker in, and what it had counted after its end. */
  add(worker: Worker): void {
    const known: Known = { numbers: [], asked: false, waiting: new Set() };
    this.#workers.set(worker, known);
    const answered = () => {
      known.asked = false;
      for (const go of known.waiting) go();
    };
    worker.on('message', (message: FromWorker) => {
      if (message.say !== 'counted') return;
      known.numbers = message.numbers;
      answered();
    });
    worker.once('exit', () => {
      this.#workers.delete(worker);
      this.#ended.push(known.numbers.filter(({ type }) => onlyGrows(String(type))));
      answered();
    });
  }

  /** In Prometheus' text format (`contentType`). Those who ask at once get one answer. */
  text(): Promise<string> {
    this.#answering ??= this.#sum().finally(() => {
      this.#answering = undefined;
    });
    return this.#answering;
  }

  async #sum(): Promise<string> {
    const asked = [...this.#workers].map(([worker, known]) => ask(worker, known));
    const [own] = await Promise.all([this.#own.numbers(), ...asked]);
    // Looked at together and only now: a worker that ended meanwhile is in the one or in the other.
    const running = [...this.#workers.values()].map(({ numbers }) => numbers);
    const text = summed([own, ...running, ...this.#ended]).metrics();
    const { length } = this.#ended;
    if (length > 1) {
      const together = await summed(this.#ended).getMetricsAsJSON();
      this.#ended = [together, ...this.#ended.slice(length)];
    }
    return text;
  }
}

export const contentType = Registry.PROMETHEUS_CONTENT_TYPE;

function onlyGrows(type: string): boolean {
  return type === 'counter' || type === 'histogram';
}

/** What the library leaves out of a sum (when a process began) is told of the first. */
function summed(all: readonly Numbers[]): Registry {
  const told = all.map((numbers) =>
    numbers.map((metric) => (metric.aggregator === 'omit' ? { ...metric, aggregator: 'first' as const } : metric)),
  );
  return AggregatorRegistry.aggregate(told);
}

/** Resolves when it has answered, has ended, or takes too long. */
function ask(worker: Worker, known: Known): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      clearTimeout(late);
      known.waiting.delete(go);
      resolve();
    };
    const late = setTimeout(go, patience);
    known.waiting.add(go);
    // One that is just ending cannot be asked any more.
    if (known.asked || !worker.isConnected()) return;
    known.asked = true;
    worker.send({ say: 'count' } satisfies ToWorker);
  });
}
