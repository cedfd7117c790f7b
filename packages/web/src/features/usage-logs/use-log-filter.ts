import { computed } from 'vue';
import { useAddress } from '../../ui/use-address.ts';
import { boundsOf, lastDays, type Days } from './days.ts';

/** An address can say anything. */
function dayOf(text: string): string | undefined {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined;
}

/** What of a log is shown; all of it stands in the address. */
export function useLogFilter() {
  const range = useAddress<string>('range', '7', ['1', '7', '30', '90']);
  const first = useAddress<string>('from', '');
  const last = useAddress<string>('to', '');
  const kinds = useAddress<string>('kinds', '');
  const performer = useAddress<string>('by', '');
  const namespace = useAddress<string>('namespace', '');
  const live = useAddress('live', 'no', ['yes', 'no']);

  const days = computed<Days>(() => {
    const chosen = lastDays(Number(range.value) || 7);
    return { first: dayOf(first.value) ?? chosen.first, last: dayOf(last.value) ?? chosen.last };
  });
  return {
    range: computed({
      get: () => (first.value || last.value ? 'own' : range.value),
      set: (value) => {
        if (value === 'own') {
          ({ first: first.value, last: last.value } = days.value);
          return;
        }
        first.value = last.value = '';
        range.value = value;
      },
    }),
    days: computed<Days>({
      get: () => days.value,
      set: (value) => {
        first.value = value.first;
        last.value = value.last;
      },
    }),
    kinds: computed<string[]>({
      get: () => (kinds.value === '' ? [] : kinds.value.split(',')),
      set: (value) => (kinds.value = value.join(',')),
    }),
    performer,
    /** Of the whole registry's log: whose entries alone. */
    namespace,
    live: computed({ get: () => live.value === 'yes', set: (on: boolean) => (live.value = on ? 'yes' : 'no') }),
    /** As the API takes it. */
    variables: computed(() => ({
      ...boundsOf(days.value),
      ...(kinds.value !== '' && { kinds: kinds.value.split(',') }),
      ...(performer.value !== '' && { performer: performer.value }),
    })),
  };
}
