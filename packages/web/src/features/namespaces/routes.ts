import type { RouteRecordRaw } from 'vue-router';
import { robotRoutes } from '../robots/routes.ts';
import { namespaceProps } from './namespace-props.ts';

/** What organizations and users have alike. */
export const namespaceRoutes: readonly RouteRecordRaw[] = [
  { path: '', redirect: (to) => `${to.path.replace(/\/$/, '')}/repositories` },
  {
    path: 'repositories',
    component: () => import('./NamespaceRepositories.vue'),
    props: namespaceProps,
    meta: { title: 'organization.repositories' },
  },
  {
    path: 'repositories/deleted',
    component: () => import('./DeletedRepositories.vue'),
    props: namespaceProps,
    meta: { title: 'deleted.title' },
  },
  ...robotRoutes,
  {
    path: 'logs',
    component: () => import('../usage-logs/NamespaceLogs.vue'),
    props: namespaceProps,
    meta: { title: 'repository.logs' },
  },
];
