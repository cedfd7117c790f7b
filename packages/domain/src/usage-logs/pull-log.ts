import { runPrepared, type Orm } from '@escale/schema/orm';
import type { Digest, Reference } from '@escale/schema/values';
import { LatestTagPulls, noteTagPulls } from '../content/note-tag-pulls.ts';
import type { Context } from '../context.ts';
import { usageChannel } from './new-usage.ts';
import { usageRow, type UsageRow } from './record.ts';
import { writeUsage } from './write-usage.ts';

interface Pull extends UsageRow {
  readonly repositoryId: string;
  readonly digest: Digest;
}

/** Milliseconds after which the last pulls are written, however few they are. */
const pause = 1000;
/** Pulls kept while the database is away; beyond it the oldest are dropped and counted in the report. */
const limit = 50_000;
/** Pulls of one statement, which is written as soon as they are together: rows that wait long are what memory pays for. */
const crowd = 250;

/** Pulls that live logs show between two pauses: nobody reads more of them in a second. */
const announced = 20;
const announcePulls = `select pg_notify(?, id) from json_array_elements_text(?::json) id`;

/**
 * Collects pulls and writes them together: a pull must not wait for its log entry. Never lost at a clean stop. The children
 * that a client fetches through an index are not pulls of their own (product.md §6).
 */
export class PullLog {
  readonly #orm: Orm;
  readonly #onError: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #pulls: Pull[] = [];
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
    const tag = reference.kind === 'tag' ? { tag: reference.tag } : {};
    const { namespaceId } = repository;
    const row = usageRow(ctx, 'repository.pulled', { repository, namespaceId, digest, ...tag });
    this.#pulls.push({ ...row, digest, repositoryId: repository.id });
    if (this.#pulls.length >= crowd && !this.#failed) void this.#alone(() => this.#writePulls());
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
    while (this.#pulls.length > 0) {
      const pulls = this.#pulls.splice(0, crowd);
      try {
        const children = await this.#children(pulls);
        const counted = pulls.filter((pull) => !isChild(children, pull));
        const ids = await writeUsage(this.#orm.em.fork(), counted);
        this.#latest = [...this.#latest, ...ids].slice(-announced);
        for (const { repositoryId, tag, at } of counted) if (tag !== null) this.#tags.note({ repositoryId, tag, at });
      } catch (error) {
        const kept = [...pulls, ...this.#pulls];
        this.#pulls = kept.slice(Math.max(kept.length - limit, 0));
        throw error;
      }
    }
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

  async #children(pulls: readonly Pull[]): Promise<Set<string>> {
    const digests = new Set(pulls.flatMap(({ tag, digest }) => (tag === null ? [digest] : [])));
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

function isChild(children: ReadonlySet<string>, { repositoryId, tag, digest }: Pull): boolean {
  return tag === null && children.has(`${repositoryId} ${digest}`);
}
