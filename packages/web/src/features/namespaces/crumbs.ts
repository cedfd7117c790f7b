import { viewer } from '../../auth/session.ts';
import type { Crumb, CrumbsOf } from '../../ui/crumbs.ts';

/** The page of a namespace, when all that is known is its name: an organization's page leads on to a person's. */
export function namespaceAddress(name: string): string {
  return name === viewer.value?.username ? `/users/${name}` : `/organizations/${name}`;
}

/** Of a page below an organization or a user. */
export function namespaceCrumbs(...below: readonly ((base: string, params: Params) => Crumb)[]): CrumbsOf {
  return ({ params }) => {
    const { organization, user } = params as Params;
    const name = organization ?? user ?? '';
    const to = organization ? `/organizations/${name}` : `/users/${name}`;
    return [{ name, to }, ...below.map((crumb) => crumb(to, params as Params))];
  };
}

type Params = Readonly<Record<string, string | undefined>>;
