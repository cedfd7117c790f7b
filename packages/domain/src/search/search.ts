import { Organization, Repository, Robot, Tag, Team, User } from '@escale/schema/entities';
import { isAdministrator, type Principal } from '../access/principal.ts';
import { grantedRepositories, selectVisible, type Condition } from '../access/visible-repositories.ts';
import { alive } from '../content/kept-manifests.ts';
import type { Context } from '../context.ts';
import { likeText } from '../grantees/search-grantees.ts';
import { pageSize } from '../page.ts';

/** Of a tag, the repository and the manifest are loaded. */
export type SearchResult = Repository | Organization | User | Team | Robot | Tag;

type Kind = 'organization' | 'repository' | 'robot' | 'tag' | 'team' | 'user';

interface Hit {
  readonly id: string;
  readonly kind: Kind;
  /** What was compared. */
  readonly name: string;
}

/**
 * Finds by name whatever the caller may know of: repositories that may be seen, organizations and users with such repositories,
 * the own organizations with their teams and robots, and tags. The exact name first, then names that begin so, then the rest, then
 * tags: those whose name begins so in the repositories that are the caller's own, or with `repository:tag` in all that may be seen.
 * @param input.first 1 to 100
 */
export async function search(
  ctx: Context,
  input: { text: string; first?: number | null | undefined },
): Promise<SearchResult[]> {
  const asTyped = input.text.trim().slice(0, 255);
  const text = asTyped.toLowerCase();
  const limit = pageSize({ first: input.first ?? 20 });
  if (text === '') return [];
  const asked = [...queries(ctx, text), ...tagQueries(ctx, asTyped)];
  const hits = await ctx.em.execute<Hit[]>(
    asked
      .map(
        ({ kind, sql }) =>
          `(select '${kind}' as kind, id, name from (${sql}) found order by name <> ?, name not like ?, name limit ?)`,
      )
      .join(' union all '),
    asked.flatMap(({ parameters }) => [...parameters, text, `${likeText(text)}%`, limit]),
  );
  const rank = ({ kind, name }: Hit) => (kind === 'tag' ? 3 : name === text ? 0 : name.startsWith(text) ? 1 : 2);
  const best = hits.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1)).slice(0, limit);
  return load(ctx, best);
}

function queries({ principal }: Context, text: string): { kind: Kind; sql: string; parameters: string[] }[] {
  const matching = selectVisible(principal, 'r.id, r.name', { sql: 'strpos(r.name, ?) > 0', parameters: [text] });
  const namespaces = selectVisible(principal, 'r.namespace_id', { sql: 'true', parameters: [] });
  const withRepositories = `n.id in (${namespaces.sql})`;
  const found: { kind: Kind; sql: string; parameters: string[] }[] = [
    { kind: 'repository', sql: matching.sql, parameters: [...matching.parameters] },
    {
      kind: 'user',
      sql: `select u.id, n.name from users u join namespaces n on n.id = u.namespace_id
              where strpos(n.name, ?) > 0 and (u.id::text = ? or ${withRepositories})`,
      parameters: [text, principal.kind === 'user' ? principal.id : '', ...namespaces.parameters],
    },
  ];
  const everywhere = isAdministrator(principal);
  const own = ownOrganizations(principal.kind === 'robot' ? 'robot_id' : 'user_id', everywhere);
  const me = principal.kind === 'user' || principal.kind === 'robot' ? principal.id : undefined;
  const mine = everywhere || me === undefined ? [] : [me];
  found.push({
    kind: 'organization',
    sql: `select o.id, n.name from organizations o join namespaces n on n.id = o.namespace_id
            where strpos(n.name, ?) > 0 and n.deleted_at is null and (${me === undefined && !everywhere ? 'false' : own} or ${withRepositories})`,
    parameters: [text, ...mine, ...namespaces.parameters],
  });
  if (me === undefined && !everywhere) return found;
  found.push(
    {
      kind: 'team',
      sql: `select t.id, t.name from teams t join organizations o on o.id = t.organization_id
              join namespaces n on n.id = o.namespace_id
              where strpos(t.name, ?) > 0 and n.deleted_at is null and ${own}`,
      parameters: [text, ...mine],
    },
    {
      kind: 'robot',
      sql: `select b.id, n.name || '+' || b.name as name from robots b join namespaces n on n.id = b.namespace_id
              left join organizations o on o.namespace_id = n.id
              where strpos(n.name || '+' || b.name, ?) > 0 and n.deleted_at is null and (n.id::text = ? or ${own})`,
      parameters: [text, principal.kind === 'user' ? principal.namespaceId : '', ...mine],
    },
  );
  return found;
}

/**
 * Names of tags are looked up by how they begin, which the index of a repository's tags answers; without a repository, among the
 * caller's own alone, because everybody's public ones may be any number.
 */
function tagQueries({ principal }: Context, text: string): { kind: Kind; sql: string; parameters: string[] }[] {
  const [, repository, named] = /^([^:]+):(.*)$/.exec(text) ?? [];
  const begins = repository === undefined ? text : (named ?? '');
  // Not worth looking: no tag has such a name.
  if (!/^[\w.-]{0,128}$/.test(begins)) return [];
  const where = repository === undefined ? grantedRepositories(principal) : namedRepositories(principal, repository);
  return [
    {
      kind: 'tag',
      // Letters of tags come before the brace: what begins so lies between the two.
      sql: `select t.id, t.name from tags t join repositories r on r.id = t.repository_id
              where ${alive('t')} and t.name >= ? and t.name < ? and ${where.sql}`,
      parameters: [begins, `${begins}{`, ...where.parameters],
    },
  ];
}

/** Repositories whose tags one search looks into; a part of a name that more have is too short to say which is meant. */
const mostSearched = 1000;

/** The visible repositories with this part in their name: the exact name first, then names that begin so, then the rest. */
function namedRepositories(principal: Principal, part: string): Condition {
  const text = part.toLowerCase();
  const matching = selectVisible(principal, 'r.id, r.name', { sql: 'strpos(r.name, ?) > 0', parameters: [text] });
  return {
    sql: `r.id = any(array(select m.id from (${matching.sql}) m
            order by m.name <> ?, m.name not like ?, m.name limit ${String(mostSearched)}))`,
    parameters: [...matching.parameters, text, `${likeText(text)}%`],
  };
}

/** Over `organizations o`: those that the caller is in a team of. */
function ownOrganizations(member: 'robot_id' | 'user_id', everywhere: boolean): string {
  return everywhere
    ? 'true'
    : `o.id in (select mt.organization_id from teams mt join team_memberships m on m.team_id = mt.id where m.${member} = ?)`;
}

async function load(ctx: Context, hits: readonly Hit[]): Promise<SearchResult[]> {
  const ids = (kind: Kind) => ({ id: { $in: hits.filter((hit) => hit.kind === kind).map(({ id }) => id) } });
  const found = [
    ...(await ctx.em.find(Repository, ids('repository'))),
    ...(await ctx.em.find(Organization, ids('organization'))),
    ...(await ctx.em.find(User, ids('user'))),
    ...(await ctx.em.find(Team, ids('team'), { populate: ['organization'] })),
    ...(await ctx.em.find(Robot, ids('robot'))),
    ...(await ctx.em.find(Tag, ids('tag'), { populate: ['repository', 'manifest'] })),
  ];
  const byId = new Map<string, SearchResult>(found.map((one) => [one.id, one]));
  return hits.flatMap(({ id }) => byId.get(id) ?? []);
}
