import type { RouteRecordRaw } from 'vue-router';

export const homeRoutes: readonly RouteRecordRaw[] = [
  { path: '/', component: () => import('./HomePage.vue'), meta: { title: 'home.title' } },
];

/** The last of all routes: whatever no other knows. */
export const notFoundRoute: RouteRecordRaw = {
  path: '/:anything(.*)*',
  component: () => import('./NotFoundPage.vue'),
  meta: { open: true, title: 'error.pageTitle' },
};
