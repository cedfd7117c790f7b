import type { RouteLocationNormalizedLoaded } from 'vue-router';

/** One step of the way to a page: a name as it is, or the key of a text. */
export interface Crumb {
  readonly name?: string;
  readonly text?: string;
  readonly to: string;
}

/** The way to a page as its route tells it; the window's title says the same. */
export type CrumbsOf = (route: Pick<RouteLocationNormalizedLoaded, 'params'>) => readonly Crumb[];
