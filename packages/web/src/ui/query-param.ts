import { computed, type WritableComputedRef } from 'vue';
import { useRoute, useRouter } from 'vue-router';

/** A filter, an order or an open dialog that stands in the address: whoever gets the link sees the same. */
export function useQueryParam(name: string, otherwise = ''): WritableComputedRef<string> {
  const route = useRoute();
  const router = useRouter();
  return computed({
    get: () => {
      const value = route.query[name];
      return typeof value === 'string' ? value : otherwise;
    },
    set: (value) => {
      const rest = Object.fromEntries(Object.entries(route.query).filter(([key]) => key !== name));
      void router.replace({ query: value === otherwise ? rest : { ...rest, [name]: value } });
    },
  });
}

/** Open while the address ends in `?name=1`. */
export function useQueryFlag(name: string): WritableComputedRef<boolean> {
  const param = useQueryParam(name);
  return computed({ get: () => param.value !== '', set: (on) => (param.value = on ? '1' : '') });
}
