import type { ApiTokenScope } from '../../graphql/generated/graphql.ts';

/** In the order of what they allow. */
export const scopes: readonly ApiTokenScope[] = [
  'READ',
  'REPOSITORIES_WRITE',
  'REPOSITORIES_ADMIN',
  'ROBOTS_ADMIN',
  'ORGANIZATIONS_ADMIN',
  'ADMINISTRATION',
];
