import type { AnyVariables, TypedDocumentNode } from '@urql/core';
import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import { useAct } from './use-page.ts';

/** One thing of a list that is to go: first it is asked about, in a dialog, then it is removed. */
export interface Removal<Thing> {
  /** What is asked about; kept while the dialog closes. */
  readonly thing: ShallowRef<Thing | undefined>;
  readonly open: Readonly<Ref<boolean>>;
  readonly busy: Ref<boolean>;
  /** Why it was refused. */
  readonly failure: ComputedRef<string | undefined>;
  ask(thing: Thing): void;
  /** It stays. */
  dismiss(): void;
  confirm(): Promise<void>;
}

/** @param removed called once it is gone */
export function useRemoval<Thing, Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variablesFor: (thing: Thing) => Variables,
  removed: () => void,
): Removal<Thing> {
  const thing = shallowRef<Thing>();
  const open = ref(false);
  const acting = useAct(document);
  return {
    thing,
    open,
    busy: acting.busy,
    failure: computed(() => acting.failure.value?.message),
    ask: (asked) => {
      thing.value = asked;
      acting.failure.value = undefined;
      open.value = true;
    },
    dismiss: () => (open.value = false),
    confirm: async () => {
      if (thing.value === undefined || !(await acting.run(variablesFor(thing.value)))) return;
      open.value = false;
      removed();
    },
  };
}
