import type { RouteRecordRaw } from 'vue-router';

export const settingsRoutes: readonly RouteRecordRaw[] = [
  {
    path: '/settings',
    component: () => import('./SettingsPage.vue'),
    meta: { title: 'settings.title', crumbs: () => [{ text: 'settings.title', to: '/settings' }] },
    children: [
      { path: '', redirect: '/settings/tokens' },
      { path: 'profile', component: () => import('./ProfileTab.vue'), meta: { title: 'settings.profile' } },
      {
        path: 'tokens',
        component: () => import('../application-tokens/ApplicationTokenList.vue'),
        meta: { title: 'settings.tokens' },
      },
      {
        path: 'api-tokens',
        component: () => import('../api-tokens/ApiTokenList.vue'),
        meta: { title: 'settings.apiTokens' },
      },
      {
        path: 'sessions',
        component: () => import('../sessions/SessionList.vue'),
        meta: { title: 'settings.sessions' },
      },
    ],
  },
];
