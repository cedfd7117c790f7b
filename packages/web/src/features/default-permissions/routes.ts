import type { RouteRecordRaw } from 'vue-router';

/** Below an organization's page. */
export const defaultPermissionRoutes: readonly RouteRecordRaw[] = [
  {
    path: 'default-permissions',
    component: () => import('./DefaultPermissionList.vue'),
    props: true,
    meta: { title: 'defaults.title' },
  },
];
