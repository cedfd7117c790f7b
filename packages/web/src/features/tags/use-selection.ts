import { computed, ref, type ComputedRef } from 'vue';

/** Which of a list are ticked. With shift, all between the one ticked last and this one become as this one. */
export interface Selection {
  readonly chosen: ComputedRef<readonly string[]>;
  has(name: string): boolean;
  toggle(name: string, shift: boolean): void;
  /** All that are listed, or none. */
  toggleAll(): void;
  clear(): void;
}

/** @param listed the names as they stand on the page; what is not listed any more is not chosen any more */
export function useSelection(listed: () => readonly string[]): Selection {
  const ticked = ref<ReadonlySet<string>>(new Set());
  let last: string | undefined;
  const chosen = computed(() => (ticked.value.size === 0 ? [] : listed().filter((name) => ticked.value.has(name))));
  return {
    chosen,
    has: (name) => ticked.value.has(name),
    toggle: (name, shift) => {
      const next = new Set(ticked.value);
      const on = !next.has(name);
      for (const each of shift ? between(listed(), last ?? name, name) : [name]) {
        if (on) next.add(each);
        else next.delete(each);
      }
      ticked.value = next;
      last = name;
    },
    toggleAll: () => {
      ticked.value = chosen.value.length === listed().length ? new Set() : new Set(listed());
    },
    clear: () => {
      ticked.value = new Set();
      last = undefined;
    },
  };
}

function between(names: readonly string[], one: string, other: string): readonly string[] {
  const [from = 0, to = 0] = [names.indexOf(one), names.indexOf(other)].sort((a, b) => a - b);
  return from === -1 ? [other] : names.slice(from, to + 1);
}
