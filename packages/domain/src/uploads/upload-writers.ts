import { randomInt, randomUUID } from 'node:crypto';
import { holdConnection, type HeldConnection, type Orm } from '@escale/schema/orm';

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
  readonly #forsaken = new Set<string>();
  readonly #present: Promise<void>;
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(orm: Orm) {
    this.#orm = orm;
    this.#present = this.#stay();
  }

  /** Writers that ended without being able to give their claim back; what they hold is nobody's. */
  get forsaken(): readonly string[] {
    return [...this.#forsaken];
  }

  begin(): string {
    return randomUUID();
  }

  /** The claim of this writer could not be given back, or it is not known whether there is one: it is void from here on. */
  forsake(writer: string): void {
    this.#forsaken.add(writer);
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
        await this.#release(connection);
        await this.#pause(lookEvery);
      }
    } finally {
      connection.end();
    }
  }

  async #release(connection: HeldConnection): Promise<void> {
    const writers = this.forsaken;
    if (writers.length === 0) return;
    await connection.query(
      `update upload_sessions set writer = null, writer_process = null, arriving = 0 where writer = any ($1::uuid[])`,
      [writers],
    );
    for (const writer of writers) this.#forsaken.delete(writer);
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
