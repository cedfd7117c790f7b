import type { RouteRecordRaw } from 'vue-router';

export const settingsRoutes: readonly RouteRecordRaw[] = [
  {
    path: '/settings',
    component: () => import('./SettingsPage.vue'),
    meta: { title: 'settings.title' },
    children: [
      { path: '', redirect: '/settings/tokens' },
      { path: 'profile', component: () => import('./ProfileTab.vue') },
      { path: 'tokens', component: () => import('./ApplicationTokenList.vue') },
    ],
  },
];
