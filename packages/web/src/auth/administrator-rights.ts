import { computed, onScopeDispose, shallowReactive } from 'vue';
import { viewer } from './session.ts';

/** The parts of the page that only an administrator's rights have opened. */
const uses = shallowReactive(new Set<() => boolean>());

/** Whether what is on the screen is there by the rights of an administrator, and not by any right of the person's own. */
export const actingAsAdministrator = computed(
  () => (viewer.value?.isAdministrator ?? false) && [...uses].some((isUsed) => isUsed()),
);

/** Says, while the calling component is shown, whether it needs an administrator's rights. */
export function useAdministratorRights(isUsed: () => boolean = () => true): void {
  uses.add(isUsed);
  onScopeDispose(() => uses.delete(isUsed));
}
