import type { FoundFragment } from '../../graphql/generated/graphql.ts';

export type Kind = FoundFragment['__typename'];

/** Something found, as every list of results shows it. */
export interface Hit {
  readonly id: string;
  readonly kind: Kind;
  readonly name: string;
  readonly description: string | undefined;
  readonly to: string;
}

export const icons: Readonly<Record<Kind, string>> = {
  Repository: 'i-lucide-package',
  Organization: 'i-lucide-building-2',
  User: 'i-lucide-user-round',
  Team: 'i-lucide-users-round',
  Robot: 'i-lucide-bot',
  FoundTag: 'i-lucide-tag',
};

/** @param username of the viewer: a personal robot is shown at another address than an organization's */
export function hitOf(found: FoundFragment, username: string | undefined): Hit {
  const { id } = found;
  switch (found.__typename) {
    case 'Repository':
      return hit(id, 'Repository', found.name, `/repositories/${found.name}`, found.description);
    case 'Organization':
      return hit(id, 'Organization', found.name, `/organizations/${found.name}`);
    case 'User':
      return hit(id, 'User', found.username, `/users/${found.username}`);
    case 'Team': {
      const organization = found.organization.name;
      return hit(id, 'Team', found.name, `/organizations/${organization}/teams/${found.name}`, organization);
    }
    case 'Robot': {
      const [namespace = '', name = ''] = found.login.split('+');
      const base = namespace === username ? '/users' : '/organizations';
      return hit(id, 'Robot', found.login, `${base}/${namespace}/robots/${name}`, found.description);
    }
    case 'FoundTag': {
      const { name, repository } = found;
      const to = `/repositories/${repository.name}/-/tags?search=${encodeURIComponent(name)}`;
      return hit(id, 'FoundTag', `${repository.name}:${name}`, to);
    }
  }
}

function hit(id: string, kind: Kind, name: string, to: string, description?: string | null): Hit {
  return { id, kind, name, to, description: description ? description : undefined };
}
