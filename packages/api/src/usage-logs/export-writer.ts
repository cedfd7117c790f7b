import { writeNextExport } from '@escale/domain/usage-logs';
import type { Orm } from '@escale/schema/orm';
import type { Logger } from '@escale/server-kit/logger';

/** Milliseconds between looks for exports that another process left unfinished. */
const pause = 30_000;

/** Writes exports in the background, one at a time in each process. */
export class ExportWriter {
  readonly #parts: { readonly orm: Orm; readonly logger: Logger };
  readonly #timer: NodeJS.Timeout;
  #writing: Promise<void> | undefined;
  #again = false;

  constructor(parts: { readonly orm: Orm; readonly logger: Logger }) {
    this.#parts = parts;
    this.#timer = setInterval(() => {
      this.wake();
    }, pause);
    this.#timer.unref();
  }

  /** There is something to write; returns at once. */
  wake(): void {
    if (this.#writing) {
      this.#again = true;
      return;
    }
    this.#writing = this.#writeAll().finally(() => {
      this.#writing = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.wake();
    });
  }

  /** What is being written is written to its end. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#again = false;
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    const { orm, logger } = this.#parts;
    try {
      while (await writeNextExport({ em: orm.em.fork() }));
    } catch (error) {
      logger.error({ err: error }, 'an export of usage logs was not written; the next look goes on with the others');
    }
  }
}
