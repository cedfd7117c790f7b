import type { RouteRecordRaw } from 'vue-router';
import { namespaceCrumbs } from '../namespaces/crumbs.ts';
import { namespaceProps } from '../namespaces/namespace-props.ts';

/** Below a namespace's page. */
export const robotRoutes: readonly RouteRecordRaw[] = [
  {
    path: 'robots',
    component: () => import('./RobotList.vue'),
    props: namespaceProps,
    meta: { title: 'robots.title' },
  },
  {
    path: 'robots/:robot',
    component: () => import('./RobotPage.vue'),
    props: (route) => ({ ...namespaceProps(route), robot: String(route.params['robot']) }),
    meta: {
      crumbs: namespaceCrumbs(
        (base) => ({ text: 'robots.title', to: `${base}/robots` }),
        (base, { robot = '' }) => ({ name: robot, to: `${base}/robots/${robot}` }),
      ),
    },
  },
];
