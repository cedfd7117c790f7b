/** What a grantee may do with a repository; each role includes the ones before it. */
export const repositoryRoles = ['read', 'write', 'admin'] as const;
export type RepositoryRole = (typeof repositoryRoles)[number];

/** What a team's members may do in their organization; a ladder as well. */
export const teamRoles = ['member', 'creator', 'admin'] as const;
export type TeamRole = (typeof teamRoles)[number];

/**
 * Actions as the Docker token protocol writes them. `mount` is ours: linking blobs into this repository from any other that the
 * caller may pull, without naming it (end-11 without `from`).
 */
export const repositoryActions = ['pull', 'push', 'delete', 'mount'] as const;
export type RepositoryAction = (typeof repositoryActions)[number];

/** The role that an action needs. */
export const roleFor = { pull: 'read', push: 'write', delete: 'write', mount: 'write' } as const satisfies Record<
  RepositoryAction,
  RepositoryRole
>;

const repositoryRank = { read: 1, write: 2, admin: 3 } as const satisfies Record<RepositoryRole, number>;
const teamRank = { member: 1, creator: 2, admin: 3 } as const satisfies Record<TeamRole, number>;

export function atLeast(role: RepositoryRole | undefined, needed: RepositoryRole): boolean {
  return role !== undefined && repositoryRank[role] >= repositoryRank[needed];
}

export function teamAtLeast(role: TeamRole | undefined, needed: TeamRole): boolean {
  return role !== undefined && teamRank[role] >= teamRank[needed];
}

export function highestRole(roles: Iterable<RepositoryRole>): RepositoryRole | undefined {
  let best: RepositoryRole | undefined;
  for (const role of roles) if (!atLeast(best, role)) best = role;
  return best;
}
