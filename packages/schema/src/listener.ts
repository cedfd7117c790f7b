import { openDirect } from './direct-clients.ts';
import type { Orm } from './orm.ts';

/** What PostgreSQL announced (NOTIFY) on a channel. */
export interface Announcement {
  readonly channel: string;
  readonly payload: string;
}

export interface ListenerSettings {
  readonly orm: Orm;
  readonly channels: readonly string[];
  onAnnouncement(announcement: Announcement): void;
  /** The connection was lost or could not be had; it is tried again. What is announced meanwhile is not heard. */
  onLost(error: unknown): void;
}

/** Milliseconds between tries to connect. */
const pause = 1000;

/** Hears what any process announces over this database: one connection for as long as it is open (LISTEN). */
export class Listener {
  readonly #settings: ListenerSettings;
  readonly #closing = new AbortController();
  readonly #first = Promise.withResolvers<undefined>();
  readonly #running: Promise<void>;

  constructor(settings: ListenerSettings) {
    this.#settings = settings;
    this.#running = this.#run();
  }

  /** Resolves once it has begun to hear. */
  async listening(): Promise<void> {
    await this.#first.promise;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
    // Nobody waits for ever for what will not begin.
    this.#first.resolve(undefined);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#listen(signal);
      } catch (error) {
        this.#settings.onLost(error);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, pause);
          signal.addEventListener('abort', () => {
            clearTimeout(timer);
            resolve();
          });
        });
      }
    }
  }

  /** Resolves when told to close. @throws Error when the connection ends before */
  async #listen(signal: AbortSignal): Promise<void> {
    const { orm, channels } = this.#settings;
    const client = await openDirect(orm, 'escale-listener');
    try {
      const ended = new Promise<void>((resolve, reject) => {
        client.on('error', reject);
        client.on('end', () => {
          reject(new Error('the database ended the connection'));
        });
        signal.addEventListener('abort', () => {
          resolve();
        });
      });
      client.on('notification', ({ channel, payload = '' }) => {
        this.#settings.onAnnouncement({ channel, payload });
      });
      ended.catch(() => undefined);
      for (const channel of channels) await client.query(`listen ${channel}`);
      this.#first.resolve(undefined);
      if (signal.aborted) return;
      await ended;
    } finally {
      client.removeAllListeners('notification');
      await client.end().catch(() => undefined);
    }
  }
}
