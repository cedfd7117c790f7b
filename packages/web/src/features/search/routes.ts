import type { RouteRecordRaw } from 'vue-router';

export const searchRoutes: readonly RouteRecordRaw[] = [
  { path: '/search', component: () => import('./SearchPage.vue'), meta: { title: 'search.title' } },
];
