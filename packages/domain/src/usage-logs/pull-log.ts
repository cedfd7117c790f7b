import { runPrepared, type Orm } from '@escale/schema/orm';
import { referenceText, type Digest, type Reference } from '@escale/schema/values';
import { principalKey } from '../access/principal.ts';
import { LatestTagPulls, noteTagPulls } from '../content/note-tag-pulls.ts';
import type { Context } from '../context.ts';
import { usageChannel } from './new-usage.ts';
import { countOf, PullCrowd, type LikePulls } from './pull-crowd.ts';
import { usageRow } from './record.ts';
import { writePulls } from './write-usage.ts';

/** Milliseconds after which the last pulls are written, however few they are. */
const pause = 1000;
/** Pulls kept while the database is away; beyond it the oldest are dropped and counted in the report. */
const limit = 50_000;
/**
 * Pulls of one statement, which is written as soon as they are together, or as soon as they are of so many kinds: rows that wait
 * are what memory pays for, and each time that something is written, reads have nothing to remember (`StateMemory`).
 */
const crowd = { pulls: 4000, kinds: 500 };

/** Pulls that live logs show between two pauses: nobody reads more of them in a second. */
const announced = 20;
const announcePulls = `select pg_notify(?, id) from json_array_elements_text(?::json) id`;

/**
 * Collects pulls and writes them together: a pull must not wait for its log entry. Never lost at a clean stop. The children
 * that a client fetches through an index are not pulls of their own.
 */
export class PullLog {
  readonly #orm: Orm;
  readonly #onError: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #pulls = new PullCrowd();
  /** When tags were last pulled: once a pause for each tag, not once a pull. */
  #tags = new LatestTagPulls();
  #latest: string[] = [];
  #writing: Promise<void> | undefined;
  /** After a failure, the next pause is waited for. */
  #failed = false;

  constructor(orm: Orm, onError: (error: unknown) => void) {
    this.#orm = orm;
    this.#onError = onError;
    this.#timer = setInterval(() => void this.flush(), pause);
    this.#timer.unref();
  }

  note(
    ctx: Context,
    repository: { readonly id: string; readonly name: string; readonly namespaceId: string },
    { reference, digest }: { reference: Reference; digest: Digest },
  ): void {
    const { principal, client, now } = ctx;
    const { id: repositoryId, namespaceId } = repository;
    const credential = principal.kind === 'user' || principal.kind === 'robot' ? (principal.credential.id ?? '') : '';
    const by = `${principalKey(principal)} ${credential} ${client.address ?? ''}`;
    const key = `${by} ${repositoryId} ${reference.kind} ${referenceText(reference)} ${digest} ${client.userAgent ?? ''}`;
    this.#pulls.note(key, now, () => {
      const tag = reference.kind === 'tag' ? { tag: reference.tag } : {};
      const row = usageRow(ctx, 'repository.pulled', { repository, namespaceId, digest, ...tag });
      return { ...row, digest, repositoryId };
    });
    const { size, kinds } = this.#pulls;
    if ((size >= crowd.pulls || kinds >= crowd.kinds) && !this.#failed) void this.#alone(() => this.#writePulls());
  }

  /** Writes what was collected; a failure keeps it for the next time. */
  async flush(): Promise<void> {
    this.#failed = false;
    return this.#alone(async () => {
      await this.#writePulls();
      await this.#writeTags();
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
    await this.flush();
  }

  /** Whoever comes while something is written waits for that alone. */
  #alone(write: () => Promise<void>): Promise<void> {
    this.#writing ??= write()
      .catch((error: unknown) => {
        this.#failed = true;
        this.#onError(error);
      })
      .finally(() => {
        this.#writing = undefined;
      });
    return this.#writing;
  }

  async #writePulls(): Promise<void> {
    while (this.#pulls.size > 0) {
      const pulls = this.#pulls.take(crowd.pulls);
      try {
        const children = await this.#children(pulls);
        const counted = pulls.filter((pull) => !isChild(children, pull));
        const ids = await writePulls(this.#orm.em.fork(), counted);
        this.#latest = [...this.#latest, ...ids].slice(-announced);
        for (const { row, times } of counted) {
          const { repositoryId, tag } = row;
          if (tag !== null) this.#tags.note({ repositoryId, tag, at: new Date(times.at(-1) ?? 0) });
        }
      } catch (error) {
        this.#pulls.giveBack(pulls);
        this.#dropBeyond(limit);
        throw error;
      }
    }
  }

  #dropBeyond(most: number): void {
    const dropped = countOf(this.#pulls.take(Math.max(this.#pulls.size - most, 0)));
    if (dropped > 0)
      this.#onError(new Error(`${String(dropped)} pulls are lost to the usage log, which kept all it could`));
  }

  async #writeTags(): Promise<void> {
    const [tags, latest] = [this.#tags, this.#latest];
    this.#tags = new LatestTagPulls();
    this.#latest = [];
    try {
      const em = this.#orm.em.fork();
      await noteTagPulls(em, tags);
      if (latest.length > 0) await em.execute(announcePulls, [usageChannel, JSON.stringify(latest)]);
    } catch (error) {
      for (const pull of this.#tags.all()) tags.note(pull);
      this.#tags = tags;
      throw error;
    }
  }

  async #children(pulls: readonly LikePulls[]): Promise<Set<string>> {
    const digests = new Set(pulls.flatMap(({ row: { tag, digest } }) => (tag === null ? [digest] : [])));
    if (digests.size === 0) return new Set();
    const rows = await runPrepared<{ repository_id: string; digest: Digest }>(
      this.#orm,
      {
        name: 'children among pulls',
        text: `select distinct p.repository_id, c.digest from manifest_children c join manifests p on p.id = c.parent_id
                 where c.digest = any ((select $1::text[])::text[])`,
      },
      [[...digests]],
    );
    return new Set(rows.map((row) => `${row.repository_id} ${row.digest}`));
  }
}

function isChild(children: ReadonlySet<string>, { row: { repositoryId, tag, digest } }: LikePulls): boolean {
  return tag === null && children.has(`${repositoryId} ${digest}`);
}
