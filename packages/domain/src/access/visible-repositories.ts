import { isAdministrator, type Principal } from './principal.ts';

/** Neither deleted itself nor with its organization, over `repositories r`; the deleted ones are few. */
export const liveRepositories =
  'r.deleted_at is null and r.namespace_id not in (select d.id from namespaces d where d.deleted_at is not null)';

/** A condition over `repositories r`. */
export interface Condition {
  readonly sql: string;
  readonly parameters: readonly string[];
}

const publicRepositories: Condition = { sql: `(${liveRepositories} and r.visibility = 'public')`, parameters: [] };

/**
 * The condition under which a principal sees a repository in lists, over `repositories r`: the same rule as `findAccessible`,
 * turned around for many rows. Registry administrators see everything.
 */
export function visibleRepositories(principal: Principal): Condition {
  if (principal.kind === 'system' || isAdministrator(principal)) {
    return { sql: `(${liveRepositories})`, parameters: [] };
  }
  if (principal.kind === 'anonymous') return publicRepositories;
  const { byGrant, byNamespace } = grants(principal);
  return {
    // Sets that are hashed once, for the many rows that this looks at.
    sql: `(${liveRepositories} and (r.visibility = 'public' or r.id in (${byGrant.sql}) or r.namespace_id in (${byNamespace.sql})))`,
    parameters: [...byGrant.parameters, ...byNamespace.parameters],
  };
}

/**
 * The same rule in parts of which each has an index: `repositories_public` and the arrays of `grantedRepositories`. A query that
 * compares names reads what the caller may see, and not what everybody has. The parts overlap: combine them with `union`.
 */
export function visibleParts(principal: Principal): readonly Condition[] {
  if (isAdministrator(principal) || principal.kind === 'anonymous') return [visibleRepositories(principal)];
  return [publicRepositories, grantedRepositories(principal)];
}

/**
 * SQL that selects columns of the visible repositories for which a condition holds, each repository once.
 * @param columns over `repositories r`
 * @param where over `repositories r`
 * @param rest what follows the condition in each part: an order and a limit
 */
export function selectVisible(
  principal: Principal,
  columns: string,
  where: Condition,
  rest: Condition = { sql: '', parameters: [] },
): Condition {
  const parts = visibleParts(principal);
  const selects = parts.map(
    ({ sql }) => `select ${columns} from repositories r where ${where.sql} and ${sql} ${rest.sql}`,
  );
  return {
    // One select stands without parentheses: with them, `in ((select …))` would compare with a single row.
    sql: selects.length === 1 ? selects.join('') : selects.map((select) => `(${select})`).join(' union '),
    parameters: parts.flatMap(({ parameters }) => [...where.parameters, ...parameters, ...rest.parameters]),
  };
}

/** Those that are somebody's own business: not merely visible because they are public. */
export function grantedRepositories(principal: Principal): Condition {
  if (principal.kind === 'anonymous' || principal.kind === 'system') return { sql: 'false', parameters: [] };
  const { byGrant, byNamespace } = grants(principal);
  return {
    // Arrays, because PostgreSQL looks up both in their indexes at once: the few rows that are somebody's, each page of them once.
    sql: `(${liveRepositories} and (r.id = any(array(${byGrant.sql})) or r.namespace_id = any(array(${byNamespace.sql}))))`,
    parameters: [...byGrant.parameters, ...byNamespace.parameters],
  };
}

/** What gives somebody a role: ids of repositories, by permissions, and of namespaces, by administering or owning them. */
function grants(
  principal: Extract<Principal, { kind: 'user' | 'robot' }>,
): Record<'byGrant' | 'byNamespace', Condition> {
  const member = principal.kind === 'user' ? 'user_id' : 'robot_id';
  const owned = principal.kind === 'user' ? [principal.namespaceId] : [];
  return {
    byGrant: {
      sql: `select p.repository_id from permissions p where p.${member} = ? union all
        select p.repository_id from team_memberships m join permissions p on p.team_id = m.team_id where m.${member} = ?`,
      parameters: [principal.id, principal.id],
    },
    byNamespace: {
      sql: `select o.namespace_id from team_memberships m join teams t on t.id = m.team_id and t.role = 'admin'
        join organizations o on o.id = t.organization_id where m.${member} = ?
        ${owned.length > 0 ? 'union all select ?::uuid' : ''}`,
      parameters: [principal.id, ...owned],
    },
  };
}
