import type { RouteRecordRaw } from 'vue-router';

export const welcomeRoutes: readonly RouteRecordRaw[] = [
  { path: '/welcome', component: () => import('./WelcomePage.vue'), meta: { bare: true, title: 'welcome.title' } },
];
