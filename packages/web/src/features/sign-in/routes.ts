import type { RouteRecordRaw } from 'vue-router';

export const signInRoutes: readonly RouteRecordRaw[] = [
  {
    path: '/sign-in',
    component: () => import('./SignInPage.vue'),
    meta: { open: true, bare: true, title: 'signIn.title' },
  },
];
