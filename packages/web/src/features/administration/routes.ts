import type { RouteRecordRaw } from 'vue-router';

export const administrationRoutes: readonly RouteRecordRaw[] = [
  {
    path: '/admin',
    component: () => import('./AdministrationPage.vue'),
    meta: { title: 'admin.title', crumbs: () => [{ text: 'admin.title', to: '/admin' }] },
    children: [
      { path: '', redirect: '/admin/users' },
      { path: 'users', component: () => import('./UserList.vue'), meta: { title: 'admin.users' } },
      {
        path: 'organizations',
        component: () => import('./OrganizationList.vue'),
        meta: { title: 'admin.organizations' },
      },
      { path: 'messages', component: () => import('../messages/MessageList.vue'), meta: { title: 'admin.messages' } },
      { path: 'logs', component: () => import('./RegistryLogs.vue'), meta: { title: 'repository.logs' } },
      { path: 'settings', component: () => import('./RegistrySettingsForm.vue'), meta: { title: 'admin.settings' } },
    ],
  },
];
