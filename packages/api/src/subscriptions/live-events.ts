import type { UsageLogEntry } from '@escale/schema/entities';
import { Listener, type Announcement } from '@escale/schema/listener';
import type { Orm } from '@escale/schema/orm';
import { DomainError } from '@escale/domain/errors';
import { uploadChannel, readUploadProgress, type UploadProgress } from '@escale/domain/uploads';
import { announcedUsage, usageChannel } from '@escale/domain/usage-logs';
import type { Logger } from '@escale/server-kit/logger';

/** What has just happened, in whichever process. */
export type LiveEvent =
  | { readonly kind: 'usage'; readonly entry: UsageLogEntry }
  | { readonly kind: 'upload'; readonly progress: UploadProgress };

/** How somebody follows: which events, and whether they may still be seen. */
export interface Follower {
  wants(event: LiveEvent): boolean;
  /** Asked before events are shown, and every five seconds without any. @throws DomainError when it is over */
  admit(): Promise<void>;
}

/** Milliseconds in which announcements are gathered into one look at the database. */
const gathering = 20;
/** Milliseconds after which rights are asked again although nothing happened: what was revoked ends by then. */
const recheck = 5000;
/** Events that wait for one follower; who is slower than that is let go. */
const waitingAtMost = 1000;
/** Events that are shown before rights are asked again. */
const shownAtOnce = 100;
/** Followers of one process. */
const followersAtMost = 1000;

/** Brings events from the database to everybody who follows them in this process. Listens from the first follower on. */
export class LiveEvents {
  readonly #orm: Orm;
  readonly #logger: Logger;
  readonly #wakers = new Set<(events: readonly LiveEvent[]) => void>();
  #listener: Listener | undefined;
  #announced: string[] = [];
  #closed = false;

  constructor({ orm, logger }: { orm: Orm; logger: Logger }) {
    this.#orm = orm;
    this.#logger = logger;
  }

  /**
   * The events from now on; ends with an error as its last value when they may not be seen any more, or without one when the
   * process ends.
   * @throws UNAVAILABLE when the database or this process cannot take one more; whatever `admit` throws at first
   */
  async follow(follower: Follower): Promise<AsyncGenerator<LiveEvent | DomainError, void>> {
    await follower.admit();
    if (this.#closed || this.#wakers.size >= followersAtMost)
      throw new DomainError('UNAVAILABLE', 'too many follow live events at the moment; try again shortly');
    this.#listener ??= this.#listen();
    await this.#listener.listening();
    return this.#events(follower);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#wakers) wake([]);
    await this.#listener?.close();
  }

  #events(follower: Follower): AsyncGenerator<LiveEvent | DomainError, void> {
    const waiting: LiveEvent[] = [];
    let isTooSlow = false;
    let wake = (): void => undefined;
    const release = (): boolean => this.#wakers.delete(waker);
    const waker = (events: readonly LiveEvent[]): void => {
      waiting.push(...events.filter((event) => follower.wants(event)));
      if (waiting.length > waitingAtMost) {
        // At once, and not when it asks for the next one: it may never do that.
        isTooSlow = true;
        waiting.length = 0;
        release();
      }
      wake();
    };
    // From here on, not from the first time somebody asks for the next one: nothing in between is missed.
    this.#wakers.add(waker);
    const isClosed = (): boolean => this.#closed;
    const wasLeftBehind = (): boolean => isTooSlow;
    async function* events(): AsyncGenerator<LiveEvent | DomainError, void> {
      try {
        for (;;) {
          if (waiting.length === 0 && !wasLeftBehind()) {
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, recheck);
              wake = () => {
                clearTimeout(timer);
                resolve();
              };
            });
          }
          if (isClosed()) return;
          await follower.admit();
          if (wasLeftBehind())
            throw new DomainError('UNAVAILABLE', 'more happened than this connection takes; follow again');
          yield* waiting.splice(0, shownAtOnce);
        }
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        yield error;
      } finally {
        release();
      }
    }
    return events();
  }

  #listen(): Listener {
    return new Listener({
      orm: this.#orm,
      channels: [usageChannel, uploadChannel],
      onAnnouncement: (announcement) => {
        this.#hear(announcement);
      },
      onLost: (error) => {
        this.#logger.warn({ err: error }, 'live events are not heard until the database answers again');
      },
    });
  }

  #hear({ channel, payload }: Announcement): void {
    if (channel === uploadChannel) {
      const progress = readUploadProgress(payload);
      if (progress) this.#tell([{ kind: 'upload', progress }]);
      return;
    }
    this.#announced.push(payload);
    if (this.#announced.length === 1) setTimeout(() => void this.#lookUp(), gathering);
  }

  async #lookUp(): Promise<void> {
    const ids = this.#announced;
    this.#announced = [];
    if (this.#wakers.size === 0 || this.#closed) return;
    try {
      const entries = await announcedUsage({ em: this.#orm.em.fork() }, ids);
      this.#tell(entries.map((entry) => ({ kind: 'usage', entry })));
    } catch (error) {
      this.#logger.warn({ err: error }, 'entries that were announced could not be read');
    }
  }

  #tell(events: readonly LiveEvent[]): void {
    for (const wake of this.#wakers) wake(events);
  }
}
