import { executePrepared, type EntityManager } from '@escale/schema/orm';

/** That a tag was pulled by its name. */
export interface TagPull {
  readonly repositoryId: string;
  readonly tag: string;
  readonly at: Date;
}

/** The last pull of each tag. */
export class LatestTagPulls {
  readonly #pulls = new Map<string, TagPull>();

  note(pull: TagPull): void {
    const key = `${pull.repositoryId} ${pull.tag}`;
    const known = this.#pulls.get(key);
    if (!known || known.at < pull.at) this.#pulls.set(key, pull);
  }

  all(): TagPull[] {
    return [...this.#pulls.values()];
  }
}

/**
 * Remembers when tags were last pulled, many in one statement. The rows are locked in the order in which everybody else takes
 * several tags, so that nobody waits in a circle.
 */
export async function noteTagPulls(em: EntityManager, pulls: LatestTagPulls): Promise<void> {
  const last = pulls.all();
  if (last.length === 0) return;
  await executePrepared(em, lastPulled, [
    last.map(({ repositoryId }) => repositoryId),
    last.map(({ tag }) => tag),
    last.map(({ at }) => at),
  ]);
}

const lastPulled = `
  with pulled as (
    select t.id, p.at from unnest((select ?::uuid[]), (select ?::text[]), (select ?::timestamptz[])) p (repository_id, tag, at)
      join tags t on t.repository_id = p.repository_id and t.name = p.tag and t.ended_at is null
      order by t.repository_id, t.name for no key update of t)
  update tags t set last_pulled_at = greatest(t.last_pulled_at, pulled.at) from pulled where t.id = pulled.id`;
