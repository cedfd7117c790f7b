import type { RepositoryRole, RepositoryRoleInput } from '../../graphql/generated/graphql.ts';

/** What leads from one choice of roles to another: what is new or other, and null for what is gone. */
export function roleChanges(
  before: Readonly<Record<string, RepositoryRole>>,
  after: Readonly<Record<string, RepositoryRole>>,
): RepositoryRoleInput[] {
  const set = Object.entries(after).filter(([repository, role]) => before[repository] !== role);
  const gone = Object.keys(before).filter((repository) => !(repository in after));
  return [
    ...set.map(([repository, role]) => ({ repository, role })),
    ...gone.map((repository) => ({ repository, role: null })),
  ];
}
