import type { NavigationGuard, RouteRecordRaw } from 'vue-router';
import { session, signInPage } from '../../auth/session.ts';
import { client } from '../../graphql/client.ts';
import { RepositoryHeaderDocument } from '../../graphql/generated/graphql.ts';
import { repositoryCrumbs } from './crumbs.ts';

const repositoryViews = ['information', 'tags', 'history', 'permissions', 'logs', 'settings', 'untagged'] as const;
export type RepositoryView = (typeof repositoryViews)[number] | 'manifests';
export const viewsOfAdmins: readonly RepositoryView[] = ['permissions', 'logs', 'settings'];

/** Signed out, one sees what is public. What is private and what does not exist look alike; who signs in may see more. */
const whatIsPublic: NavigationGuard = async (to) => {
  if ((await session()).viewer) return true;
  const { name, view } = to.params;
  const { data } = await client.query(RepositoryHeaderDocument, { name: String(name) }).toPromise();
  const isShown = data?.repository && !viewsOfAdmins.includes(view as RepositoryView);
  return data === undefined || isShown ? true : signInPage(to.fullPath);
};

export const repositoryRoutes: readonly RouteRecordRaw[] = [
  {
    path: '/new/repository',
    component: () => import('./RepositoryNewPage.vue'),
    meta: { title: 'repositories.new' },
  },
  {
    // Names may end in any word, so the view stands behind a segment that no name can have.
    path: `/repositories/:name(.+)/-/:view(${repositoryViews.join('|')})`,
    name: 'repository',
    component: () => import('./RepositoryPage.vue'),
    props: true,
    beforeEnter: whatIsPublic,
    meta: { title: ({ params }) => `repository.${String(params['view'])}`, crumbs: repositoryCrumbs, forAnybody: true },
  },
  {
    path: '/repositories/:name(.+)/-/:view(manifests)/:digest',
    component: () => import('./RepositoryPage.vue'),
    props: true,
    beforeEnter: whatIsPublic,
    meta: { title: 'repository.manifests', crumbs: repositoryCrumbs, forAnybody: true },
  },
  {
    path: '/repositories/:name(.+)',
    redirect: (to) => `/repositories/${String(to.params['name'])}/-/information`,
  },
];
