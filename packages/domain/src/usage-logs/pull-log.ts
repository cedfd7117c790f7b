import type { Digest, Reference } from '@escale/schema/values';
import type { Orm } from '@escale/schema/orm';
import { noteTagPulls, type TagPull } from '../content/note-tag-pulls.ts';
import type { Context } from '../context.ts';
import { recordUsage } from './record.ts';

interface Pull {
  readonly ctx: Context;
  readonly repository: { readonly id: string; readonly name: string };
  readonly reference: Reference;
  readonly digest: Digest;
}

/** Milliseconds between writes. */
const pause = 1000;
/** Pulls kept while the database is away; beyond it the oldest are dropped and counted in the report. */
const limit = 50_000;

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

  note(ctx: Context, repository: Pull['repository'], pulled: { reference: Reference; digest: Digest }): void {
    this.#pulls.push({ ctx, repository: { id: repository.id, name: repository.name }, ...pulled });
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
    const pulls = this.#pulls;
    if (pulls.length === 0) return;
    this.#pulls = [];
    try {
      const children = await this.#children(pulls);
      await this.#orm.em.fork().transactional(async (em) => {
        for (const { ctx, repository, reference, digest } of pulls) {
          if (reference.kind === 'digest' && children.has(`${repository.id} ${digest}`)) continue;
          const tag = reference.kind === 'tag' ? { tag: reference.tag } : {};
          recordUsage({ ...ctx, em }, 'repository.pulled', { repository: repository.name, digest, ...tag });
        }
        await em.flush();
        await noteTagPulls(em, tagPulls(pulls));
      });
    } catch (error) {
      const kept = [...pulls, ...this.#pulls];
      this.#pulls = kept.slice(Math.max(kept.length - limit, 0));
      this.#onError(error);
    }
  }

  async #children(pulls: readonly Pull[]): Promise<Set<string>> {
    const byDigest = pulls.filter(({ reference }) => reference.kind === 'digest');
    if (byDigest.length === 0) return new Set();
    const digests = [...new Set(byDigest.map(({ digest }) => digest))];
    const rows = await this.#orm.em.fork().execute<{ repository_id: string; digest: Digest }[]>(
      `select distinct p.repository_id, c.digest from manifest_children c join manifests p on p.id = c.parent_id
         where c.digest in (${digests.map(() => '?').join(', ')})`,
      digests,
    );
    return new Set(rows.map((row) => `${row.repository_id} ${row.digest}`));
  }
}

function tagPulls(pulls: readonly Pull[]): TagPull[] {
  return pulls.flatMap(({ ctx, repository, reference }) =>
    reference.kind === 'tag' ? [{ repositoryId: repository.id, tag: reference.tag, at: ctx.now }] : [],
  );
}
