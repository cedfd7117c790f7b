import type { EntityManager } from '@escale/schema/orm';

/** That a tag was pulled by its name. */
export interface TagPull {
  readonly repositoryId: string;
  readonly tag: string;
  readonly at: Date;
}

/**
 * Remembers when tags were last pulled, many in one statement. The rows are locked in the order in which everybody else takes
 * several tags, so that nobody waits in a circle.
 */
export async function noteTagPulls(em: EntityManager, pulls: readonly TagPull[]): Promise<void> {
  if (pulls.length === 0) return;
  const latest = new Map<string, TagPull>();
  for (const pull of pulls) {
    const key = `${pull.repositoryId} ${pull.tag}`;
    const known = latest.get(key);
    if (!known || known.at < pull.at) latest.set(key, pull);
  }
  const last = [...latest.values()];
  await em.execute(
    `with pulled as (
       select t.id, p.at from (values ${last.map(() => '(?::uuid, ?::text, ?::timestamptz)').join(', ')}) p (repository_id, tag, at)
         join tags t on t.repository_id = p.repository_id and t.name = p.tag and t.ended_at is null
         order by t.repository_id, t.name for no key update of t)
     update tags t set last_pulled_at = greatest(t.last_pulled_at, pulled.at) from pulled where t.id = pulled.id`,
    last.flatMap(({ repositoryId, tag, at }) => [repositoryId, tag, at]),
  );
}
