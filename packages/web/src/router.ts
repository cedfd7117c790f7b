import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router';
import { session } from './auth/session.ts';

declare module 'vue-router' {
  interface RouteMeta {
    /** Shown to those who are not signed in too. */
    open?: boolean;
    /** Shown without the header. */
    bare?: boolean;
    /** Key of the text that the window's title begins with. */
    title?: string;
  }
}

const repositoryViews = ['information', 'tags', 'permissions', 'settings'] as const;
export type RepositoryView = (typeof repositoryViews)[number];

const routes: RouteRecordRaw[] = [
  { path: '/', component: () => import('./features/home/HomePage.vue'), meta: { title: 'home.title' } },
  {
    path: '/sign-in',
    component: () => import('./features/sign-in/SignInPage.vue'),
    meta: { open: true, bare: true, title: 'signIn.title' },
  },
  {
    path: '/welcome',
    component: () => import('./features/welcome/WelcomePage.vue'),
    meta: { bare: true, title: 'welcome.title' },
  },
  {
    path: '/new/organization',
    component: () => import('./features/organizations/OrganizationNewPage.vue'),
    meta: { title: 'organization.new' },
  },
  {
    path: '/new/repository',
    component: () => import('./features/repositories/RepositoryNewPage.vue'),
    meta: { title: 'repositories.new' },
  },
  {
    path: '/organizations/:organization',
    component: () => import('./features/organizations/OrganizationPage.vue'),
    props: true,
    children: [
      { path: '', redirect: (to) => `${to.path.replace(/\/$/, '')}/repositories` },
      {
        path: 'repositories',
        component: () => import('./features/organizations/OrganizationRepositories.vue'),
        props: true,
      },
      { path: 'robots', component: () => import('./features/robots/RobotList.vue'), props: true },
    ],
  },
  {
    // Names may end in any word, so the view stands behind a segment that no name can have.
    path: `/repositories/:name(.+)/-/:view(${repositoryViews.join('|')})`,
    name: 'repository',
    component: () => import('./features/repositories/RepositoryPage.vue'),
    props: true,
  },
  {
    path: '/repositories/:name(.+)',
    redirect: (to) => `/repositories/${String(to.params['name'])}/-/information`,
  },
  {
    path: '/settings',
    component: () => import('./features/settings/SettingsPage.vue'),
    meta: { title: 'settings.title' },
    children: [
      { path: '', redirect: '/settings/tokens' },
      { path: 'profile', component: () => import('./features/settings/ProfileTab.vue') },
      { path: 'tokens', component: () => import('./features/settings/ApplicationTokenList.vue') },
    ],
  },
  {
    path: '/:anything(.*)*',
    component: () => import('./features/home/NotFoundPage.vue'),
    meta: { open: true, title: 'error.pageTitle' },
  },
];

export const router = createRouter({ history: createWebHistory(), routes, scrollBehavior: () => ({ top: 0 }) });

router.beforeEach(async (to) => {
  const { viewer } = await session().catch(() => ({ viewer: undefined }));
  if (!viewer) {
    if (to.meta.open) return true;
    return { path: '/sign-in', query: to.path === '/' ? {} : { reason: 'required', returnTo: to.fullPath } };
  }
  if (!viewer.usernameConfirmed && to.path !== '/welcome') {
    return { path: '/welcome', query: to.path === '/' ? {} : { returnTo: to.fullPath } };
  }
  if (to.path === '/sign-in' || (viewer.usernameConfirmed && to.path === '/welcome')) return '/';
  return true;
});
