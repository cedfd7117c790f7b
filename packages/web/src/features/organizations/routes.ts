import type { RouteRecordRaw } from 'vue-router';
import { robotRoutes } from '../robots/routes.ts';

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
    children: [
      { path: '', redirect: (to) => `${to.path.replace(/\/$/, '')}/repositories` },
      { path: 'repositories', component: () => import('./OrganizationRepositories.vue'), props: true },
      ...robotRoutes,
    ],
  },
];
