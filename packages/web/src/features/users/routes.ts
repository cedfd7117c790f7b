import type { RouteRecordRaw } from 'vue-router';
import { namespaceCrumbs } from '../namespaces/crumbs.ts';
import { namespaceRoutes } from '../namespaces/routes.ts';

export const userRoutes: readonly RouteRecordRaw[] = [
  {
    path: '/users/:user',
    component: () => import('./UserPage.vue'),
    props: true,
    meta: { crumbs: namespaceCrumbs() },
    children: [...namespaceRoutes],
  },
];
