/** Events that may be on their way to one reader before the next is made. */
const aheadAtMost = 16;

/**
 * Lets a writer go no further ahead of its reader than some events: what the reader does not take stays where it is bounded
 * (`LiveEvents`), and not in the queue between the two, which has no end.
 */
export class ReaderPace {
  #ahead = 0;
  #ended = false;
  #wake = (): void => undefined;

  /** Before an event is made. Waits until the reader has taken enough of those before, or is gone. */
  async begin(): Promise<void> {
    while (this.#ahead >= aheadAtMost && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#ahead += 1;
  }

  /** The reader has taken something. Pings count as well: they only let the writer go on sooner. */
  taken(): void {
    if (this.#ahead > 0) this.#ahead -= 1;
    this.#wake();
  }

  /** The reader is gone: nobody waits for it. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }
}
