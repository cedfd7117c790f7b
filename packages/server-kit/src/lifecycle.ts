/** Something to be ended, with the name under which a slow or failing end is reported. */
interface Disposer {
  readonly name: string;
  readonly dispose: () => Promise<void> | void;
}

/** Milliseconds that one part may take to end before the next is ended all the same. */
const patience = 8000;
/** A second signal within this time is the same wish: a terminal and npm both deliver Ctrl-C. Milliseconds. */
const sameWish = 2000;

/** The parts of a process in the order of their start; they end in the opposite order, each within bounds. */
export class Lifecycle {
  readonly #disposers: Disposer[] = [];
  readonly #report: (message: string, error?: unknown) => void;
  #stopping: Promise<void> | undefined;

  constructor(report: (message: string, error?: unknown) => void) {
    this.#report = report;
  }

  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** @returns the part itself, for the line that starts it */
  add<Part>(name: string, part: Part, dispose: (part: Part) => Promise<void> | void): Part {
    this.#disposers.push({ name, dispose: () => dispose(part) });
    return part;
  }

  /** Ends everything, once; later calls wait for the first. */
  async stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  /** Ends everything at SIGINT or SIGTERM, then the process; a second, later signal ends it at once. */
  stopOnSignals(): void {
    let first = 0;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (first > 0) {
          if (Date.now() - first > sameWish) process.exit(1);
          return;
        }
        first = Date.now();
        void this.stop().finally(() => process.exit(0));
      });
    }
  }

  async #end(): Promise<void> {
    for (const { name, dispose } of this.#disposers.toReversed()) {
      try {
        await withinPatience(dispose(), name);
      } catch (error) {
        this.#report(`${name} did not end well`, error);
      }
    }
  }
}

async function withinPatience(work: Promise<void> | void, name: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${name} took longer than ${String(patience / 1000)} s to end`));
    }, patience);
  });
  await Promise.race([work, late]).finally(() => {
    clearTimeout(timer);
  });
}
