import type { RouteRecordRaw } from 'vue-router';
import { defaultPermissionRoutes } from '../default-permissions/routes.ts';
import { namespaceCrumbs } from '../namespaces/crumbs.ts';
import { namespaceRoutes } from '../namespaces/routes.ts';
import { teamRoutes } from '../teams/routes.ts';

export const organizationRoutes: readonly RouteRecordRaw[] = [
  {
    path: '/new/organization',
    component: () => import('./OrganizationNewPage.vue'),
    meta: { title: 'organization.new' },
  },
  {
    path: '/organizations/:organization',
    component: () => import('./OrganizationPage.vue'),
    props: true,
    meta: { crumbs: namespaceCrumbs() },
    children: [
      ...namespaceRoutes,
      ...teamRoutes,
      ...defaultPermissionRoutes,
      {
        path: 'settings',
        component: () => import('./OrganizationSettings.vue'),
        props: true,
        meta: { title: 'organization.settings' },
      },
    ],
  },
];
