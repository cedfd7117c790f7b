/** Who looks: nobody signed in, somebody before the first step, a person, an administrator. */
export type Viewer = 'nobody' | 'newcomer' | 'alice' | 'admin';

/** A page of the console, under a name that a file can have. */
export interface ConsolePlace {
  readonly name: string;
  readonly address: string;
  readonly viewer: Viewer;
}

/** What the pages are about. */
export interface Inhabitants {
  readonly organization: string;
  readonly team: string;
  /** Of the organization, without its name. */
  readonly robot: string;
  readonly repository: string;
  /** Of a manifest in it. */
  readonly digest: string;
  /** A repository in which there is nothing yet. */
  readonly emptyRepository: string;
}

/** Every page that the console has, those of other people's things apart. */
export function consolePlaces(of: Inhabitants): ConsolePlace[] {
  const organization = `/organizations/${of.organization}`;
  const repository = `/repositories/${of.repository}/-`;
  const as = (viewer: Viewer, pages: Readonly<Record<string, string>>) =>
    Object.entries(pages).map(([name, address]) => ({ name, address, viewer }));
  return [
    ...as('nobody', { 'sign-in': '/sign-in?reason=signed-out', 'not-found-signed-out': '/no/such/page' }),
    ...as('newcomer', { welcome: '/welcome' }),
    ...as('alice', {
      home: '/',
      'not-found': '/no/such/page',
      search: `/search?q=${of.organization.slice(0, 2)}`,
      'search-none': '/search?q=nothing-is-called-so',
      'new-organization': '/new/organization',
      'new-repository': `/new/repository?namespace=${of.organization}`,
      'organization-repositories': `${organization}/repositories`,
      'organization-deleted': `${organization}/repositories/deleted`,
      'organization-teams': `${organization}/teams`,
      'organization-team': `${organization}/teams/${of.team}`,
      'organization-members': `${organization}/members`,
      'organization-collaborators': `${organization}/members?view=collaborators`,
      'organization-robots': `${organization}/robots`,
      'organization-robot': `${organization}/robots/${of.robot}`,
      'organization-default-permissions': `${organization}/default-permissions`,
      'organization-logs': `${organization}/logs`,
      'organization-settings': `${organization}/settings`,
      'organization-missing': '/organizations/no-such-organization',
      'user-repositories': '/users/alice/repositories',
      'user-robots': '/users/alice/robots',
      'user-logs': '/users/alice/logs',
      'user-other': '/users/bob',
      'repository-information': `${repository}/information`,
      'repository-tags': `${repository}/tags`,
      'repository-manifest': `${repository}/manifests/${of.digest}`,
      'repository-untagged': `${repository}/untagged`,
      'repository-history': `${repository}/history`,
      'repository-permissions': `${repository}/permissions`,
      'repository-logs': `${repository}/logs`,
      'repository-settings': `${repository}/settings`,
      'repository-empty': `/repositories/${of.emptyRepository}/-/information`,
      'repository-missing': `/repositories/${of.organization}/no-such-repository`,
      'settings-profile': '/settings/profile',
      'settings-tokens': '/settings/tokens',
      'settings-api-tokens': '/settings/api-tokens',
      'settings-sessions': '/settings/sessions',
      'administration-denied': '/admin/users',
    }),
    ...as('admin', {
      'administration-users': '/admin/users',
      'administration-organizations': '/admin/organizations',
      'administration-logs': '/admin/logs',
      'administration-settings': '/admin/settings',
      'administration-repository': `${repository}/tags`,
      'administration-messages': '/admin/messages',
    }),
  ];
}
