/** Lets requests through while the product is there; whoever comes while it is away waits until it is back. */
export class Gate {
  #underWay = 0;
  #opened: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;
  #closed = false;

  get isClosed(): boolean {
    return this.#closed;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#opened = new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#closed = false;
    this.#open();
  }

  /** Resolves when nobody who was let through is still under way. */
  async empty(): Promise<void> {
    while (this.#underWay > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async through<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#closed) await this.#opened;
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
    }
  }
}
