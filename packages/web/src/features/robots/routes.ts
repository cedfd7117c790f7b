import type { RouteRecordRaw } from 'vue-router';

/** Below a namespace's page. */
export const robotRoutes: readonly RouteRecordRaw[] = [
  { path: 'robots', component: () => import('./RobotList.vue'), props: true },
];
