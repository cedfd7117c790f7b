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
  return {
    granted: `(${liveRepositories} and (${owner ? 'r.namespace_id = ? or ' : ''}
      r.id in (select p.repository_id from permissions p where p.${member} = ?
        union all select p.repository_id from permissions p join team_memberships m on m.team_id = p.team_id where m.${member} = ?)
      or r.namespace_id in (select o.namespace_id from organizations o join teams t on t.organization_id = o.id
        join team_memberships m on m.team_id = t.id where t.role = 'admin' and m.${member} = ?)))`,
    parameters: [...(owner ? [principal.namespaceId] : []), principal.id, principal.id, principal.id],
  };
}
