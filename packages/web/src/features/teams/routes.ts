import type { RouteRecordRaw } from 'vue-router';
import { namespaceCrumbs } from '../namespaces/crumbs.ts';

/** Below an organization's page. */
export const teamRoutes: readonly RouteRecordRaw[] = [
  { path: 'teams', component: () => import('./TeamList.vue'), props: true, meta: { title: 'teams.title' } },
  {
    path: 'teams/:team',
    component: () => import('./TeamPage.vue'),
    props: true,
    meta: {
      crumbs: namespaceCrumbs(
        (base) => ({ text: 'teams.title', to: `${base}/teams` }),
        (base, { team = '' }) => ({ name: team, to: `${base}/teams/${team}` }),
      ),
    },
  },
  { path: 'members', component: () => import('./MembersPage.vue'), props: true, meta: { title: 'members.title' } },
];
