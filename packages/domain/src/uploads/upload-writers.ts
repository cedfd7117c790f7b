import { randomInt, randomUUID } from 'node:crypto';
import { holdConnection, type Orm } from '@escale/schema/orm';

/** First number of the advisory locks by which processes show that they live; the second is the process's own. */
export const writerLocks = 730_581;

/** Milliseconds between looks at claims that could not be given back, and before a lost connection is tried again. */
const lookEvery = 5000;
const retryAfter = 500;

/**
 * The requests of this process that write to uploads. A lock in the database, held by a connection of its own, shows to all
 * other processes that this one lives: when it is killed the connection ends, and with it every claim, at once. No clock is
 * compared and nothing must be renewed.
 */
export class UploadWriters {
  /** Stands in the row of every upload that this process writes to. */
  readonly process = randomInt(1, 2 ** 31 - 1);
  readonly #orm: Orm;
  readonly #writing = new Set<string>();
  readonly #present: Promise<void>;
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(orm: Orm) {
    this.#orm = orm;
    this.#present = this.#stay();
  }

  /** The ids of the writers that are at work, for telling them from those whose claim could not be given back. */
  get writing(): readonly string[] {
    return [...this.#writing];
  }

  begin(): string {
    const writer = randomUUID();
    this.#writing.add(writer);
    return writer;
  }

  end(writer: string): void {
    this.#writing.delete(writer);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await this.#present;
  }

  async #stay(): Promise<void> {
    while (!this.#closed) {
      // A database that is away comes back; until then nobody can ask whether we live.
      await this.#session().catch(() => undefined);
      await this.#pause(retryAfter);
    }
  }

  async #session(): Promise<void> {
    const connection = await holdConnection(this.#orm);
    let broken = false;
    connection.onBroken(() => {
      broken = true;
      this.#wake();
    });
    try {
      // A host that vanishes without a word is noticed in half a minute.
      await connection.query('set tcp_keepalives_idle = 10');
      await connection.query('set tcp_keepalives_interval = 5');
      await connection.query('set tcp_keepalives_count = 4');
      await connection.query('select pg_advisory_lock($1, $2)', [writerLocks, this.process]);
      while (!this.#closed && !broken) {
        await connection.query(
          `update upload_sessions set writer = null, writer_process = null, arriving = 0
             where writer_process = $1 and writer <> all ($2::uuid[])`,
          [this.process, this.writing],
        );
        await this.#pause(lookEvery);
      }
    } finally {
      connection.end();
    }
  }

  #pause(milliseconds: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
