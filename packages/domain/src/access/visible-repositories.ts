import type { Principal } from './principal.ts';

/** Neither deleted itself nor with its organization, over `repositories r`; the deleted ones are few. */
export const liveRepositories =
  'r.deleted_at is null and r.namespace_id not in (select d.id from namespaces d where d.deleted_at is not null)';

/**
 * The condition under which a principal sees a repository in lists, over `repositories r`: the same rule as `findAccessible`,
 * turned around for many rows. Registry administrators see everything.
 */
export function visibleRepositories(principal: Principal): { sql: string; parameters: string[] } {
  if (principal.kind === 'system' || (principal.kind === 'user' && principal.isAdministrator)) {
    return { sql: `(${liveRepositories})`, parameters: [] };
  }
  if (principal.kind === 'anonymous')
    return { sql: `(${liveRepositories} and r.visibility = 'public')`, parameters: [] };
  const { granted, parameters } = grantedRepositories(principal);
  return { sql: `(${liveRepositories} and (r.visibility = 'public' or ${granted}))`, parameters };
}

/** Those that are somebody's own business: not merely visible because they are public. */
export function grantedRepositories(principal: Principal): { granted: string; parameters: string[] } {
  if (principal.kind === 'anonymous' || principal.kind === 'system') return { granted: 'false', parameters: [] };
  const member = principal.kind === 'user' ? 'user_id' : 'robot_id';
  const owner = principal.kind === 'user';
  // One set of ids rather than three conditions joined by "or": PostgreSQL goes through the few rows that are somebody's.
  return {
    granted: `(${liveRepositories} and r.id in (
      select p.repository_id from permissions p where p.${member} = ?
      union all select p.repository_id from team_memberships m join permissions p on p.team_id = m.team_id where m.${member} = ?
      union all select x.id from team_memberships m join teams t on t.id = m.team_id and t.role = 'admin'
        join organizations o on o.id = t.organization_id join repositories x on x.namespace_id = o.namespace_id
        where m.${member} = ?
      ${owner ? 'union all select x.id from repositories x where x.namespace_id = ?' : ''}))`,
    parameters: [principal.id, principal.id, principal.id, ...(owner ? [principal.namespaceId] : [])],
  };
}
