import { runPrepared, type Orm } from '@escale/schema/orm';
import type { Digest, Reference } from '@escale/schema/values';
import { noteTagPulls, type TagPull } from '../content/note-tag-pulls.ts';
import type { Context } from '../context.ts';
import { usageChannel } from './new-usage.ts';
import { usageRow, type UsageRow } from './record.ts';
import { writeUsage } from './write-usage.ts';

interface Pull {
  readonly repositoryId: string;
  readonly row: UsageRow & { readonly digest: Digest };
}

/** Milliseconds between writes. */
const pause = 1000;
/** Pulls kept while the database is away; beyond it the oldest are dropped and counted in the report. */
const limit = 50_000;
/** Pulls of one statement. */
const crowd = 2000;

/** Pulls of a crowd that live logs show: nobody reads more of them in a second. */
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
  #writing: Promise<void> | undefined;

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
    const { name, namespaceId } = repository;
    const row = usageRow(ctx, 'repository.pulled', { repository: name, namespaceId, digest, ...tag });
    this.#pulls.push({ repositoryId: repository.id, row: { ...row, digest } });
  }

  /** Writes what was collected; a failure keeps it for the next time. */
  async flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
    await this.flush();
  }

  async #write(): Promise<void> {
    while (this.#pulls.length > 0) {
      const pulls = this.#pulls.splice(0, crowd);
      try {
        const children = await this.#children(pulls);
        const counted = pulls.filter(({ repositoryId, row }) => !isChild(children, repositoryId, row));
        await this.#orm.em.fork().transactional(async (em) => {
          const ids = await writeUsage(
            em,
            counted.map(({ row }) => row),
          );
          await noteTagPulls(em, tagPulls(counted));
          const latest = ids.slice(-announced);
          await em.execute(announcePulls, [usageChannel, JSON.stringify(latest)]);
        });
      } catch (error) {
        const kept = [...pulls, ...this.#pulls];
        this.#pulls = kept.slice(Math.max(kept.length - limit, 0));
        this.#onError(error);
        return;
      }
    }
  }

  async #children(pulls: readonly Pull[]): Promise<Set<string>> {
    const digests = new Set(pulls.flatMap(({ row }) => (row.tag === null ? [row.digest] : [])));
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

function tagPulls(pulls: readonly Pull[]): TagPull[] {
  return pulls.flatMap(({ repositoryId, row: { tag, at } }) => (tag === null ? [] : [{ repositoryId, tag, at }]));
}

function isChild(children: ReadonlySet<string>, repositoryId: string, { tag, digest }: Pull['row']): boolean {
  return tag === null && children.has(`${repositoryId} ${digest}`);
}
