import type { RouteRecordRaw } from 'vue-router';
import { repositoryCrumbs } from './crumbs.ts';

const repositoryViews = ['information', 'tags', 'history', 'permissions', 'logs', 'settings', 'untagged'] as const;
export type RepositoryView = (typeof repositoryViews)[number] | 'manifests';

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
    meta: { title: ({ params }) => `repository.${String(params['view'])}`, crumbs: repositoryCrumbs },
  },
  {
    path: '/repositories/:name(.+)/-/:view(manifests)/:digest',
    component: () => import('./RepositoryPage.vue'),
    props: true,
    meta: { title: 'repository.manifests', crumbs: repositoryCrumbs },
  },
  {
    path: '/repositories/:name(.+)',
    redirect: (to) => `/repositories/${String(to.params['name'])}/-/information`,
  },
];
