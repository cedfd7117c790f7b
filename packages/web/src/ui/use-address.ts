import { computed, type WritableComputedRef } from 'vue';
import { useRoute, useRouter } from 'vue-router';

/** Changes asked for in one turn become one navigation, so that none undoes another. */
let asked: Record<string, string | undefined> | undefined;

/**
 * A choice that stands in the address, as `?name=value`, so that a link leads back to it. What is as `unlessSaid` is left out.
 * Changing it is no new step of the history: going back leads to the page before.
 * @param choices all that there are, where not any text will do: what else an address says counts as nothing said
 */
export function useAddress<Value extends string = string>(
  name: string,
  unlessSaid: Value,
  choices?: readonly Value[],
): WritableComputedRef<Value> {
  const route = useRoute();
  const router = useRouter();
  return computed({
    get: () => {
      const said = route.query[name];
      if (typeof said !== 'string' || said === '') return unlessSaid;
      return choices === undefined || choices.includes(said as Value) ? (said as Value) : unlessSaid;
    },
    set: (value) => {
      const first = asked === undefined;
      asked = { ...asked, [name]: value === unlessSaid || value === '' ? undefined : value };
      if (!first) return;
      queueMicrotask(() => {
        void router.replace({ path: route.path, query: { ...route.query, ...asked }, hash: route.hash });
        asked = undefined;
      });
    },
  });
}
