import { createRouter, createWebHistory, type RouteLocationNormalizedLoaded, type RouteRecordRaw } from 'vue-router';
import { begin, end, isComing } from './busy.ts';
import { session, signInPage } from './auth/session.ts';
import { administrationRoutes } from './features/administration/routes.ts';
import { homeRoutes, notFoundRoute } from './features/home/routes.ts';
import { organizationRoutes } from './features/organizations/routes.ts';
import { repositoryRoutes } from './features/repositories/routes.ts';
import { searchRoutes } from './features/search/routes.ts';
import { settingsRoutes } from './features/settings/routes.ts';
import { signInRoutes } from './features/sign-in/routes.ts';
import { userRoutes } from './features/users/routes.ts';
import { welcomeRoutes } from './features/welcome/routes.ts';
import type { CrumbsOf } from './ui/crumbs.ts';

declare module 'vue-router' {
  interface RouteMeta {
    /** Shown to those who are not signed in too. */
    open?: boolean;
    /** The same where one is signed in as a rule: a session that ends is noticed there. */
    forAnybody?: boolean;
    /** Shown without the header. */
    bare?: boolean;
    /** Key of the text that the window's title begins with. */
    title?: string | ((route: RouteLocationNormalizedLoaded) => string);
    /** The way here, which stands in the header and goes on in the window's title. */
    crumbs?: CrumbsOf;
  }
}

/** Each feature's own list; the order matters only for the last. */
const routes: RouteRecordRaw[] = [
  ...homeRoutes,
  ...signInRoutes,
  ...welcomeRoutes,
  ...organizationRoutes,
  ...userRoutes,
  ...repositoryRoutes,
  ...settingsRoutes,
  ...searchRoutes,
  ...administrationRoutes,
  notFoundRoute,
];

export const router = createRouter({ history: createWebHistory(), routes, scrollBehavior: () => ({ top: 0 }) });

router.beforeEach((to, from) => {
  begin(router);
  if (to.path !== from.path) isComing.value = true;
});
router.afterEach(() => {
  end(router);
});
router.onError(() => {
  end(router);
});

router.beforeEach(async (to) => {
  const { viewer } = await session().catch(() => ({ viewer: undefined }));
  if (!viewer) {
    if (to.meta.open || to.meta.forAnybody) return true;
    return signInPage(to.fullPath);
  }
  if (!viewer.usernameConfirmed && to.path !== '/welcome') {
    return { path: '/welcome', query: to.path === '/' ? {} : { returnTo: to.fullPath } };
  }
  if (to.path === '/sign-in' || (viewer.usernameConfirmed && to.path === '/welcome')) return '/';
  return true;
});
