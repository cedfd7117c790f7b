import type { CrumbsOf } from '../../ui/crumbs.ts';
import { namespaceAddress } from '../namespaces/crumbs.ts';

/** Namespace and repository, each a link. */
export const repositoryCrumbs: CrumbsOf = ({ params }) => {
  const name = String(params['name']);
  const slash = name.indexOf('/');
  const namespace = name.slice(0, slash);
  return [
    { name: namespace, to: namespaceAddress(namespace) },
    { name: name.slice(slash + 1), to: `/repositories/${name}` },
  ];
};
