import type { InjectionKey } from 'vue';

/**
 * Has something called when something happens in the repository that is open, with the names of the tags concerned; with none
 * when events may have been missed. Events of a short while come together.
 */
export type FollowActivity = (onTags: (tags: readonly string[]) => void) => void;

export const repositoryActivity: InjectionKey<FollowActivity> = Symbol('repository activity');
