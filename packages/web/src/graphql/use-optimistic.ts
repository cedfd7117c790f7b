import type { AnyVariables, TypedDocumentNode } from '@urql/core';
import { shallowReactive, watch } from 'vue';
import { act } from './use-page.ts';

/** Choices for things of a page that show at once, and are taken back when the server refuses them. */
export interface Optimistic<Thing, Value> {
  /** What to show: the choice that is on its way, else what the server has. */
  shown(thing: Thing, held: Value): Value;
  /** Why the last choice for this was refused; it stands where the choice was made. */
  refusal(thing: Thing): string | undefined;
  choose(thing: Thing, value: Value): Promise<void>;
}

export interface Choosing<Thing, Value, Data, Variables extends AnyVariables> {
  readonly document: TypedDocumentNode<Data, Variables>;
  readonly variables: (thing: Thing, value: Value) => Variables;
  /** What tells one thing from another. */
  readonly keyOf: (thing: Thing) => string;
  /** What the page knows from the server: when that is replaced, it holds the choices that were taken. */
  readonly fresh: () => unknown;
  /** Called after each choice that was taken: the page asks again. */
  readonly changed: () => void;
}

export function useOptimistic<Thing, Value, Data, Variables extends AnyVariables>({
  document,
  variables,
  keyOf,
  fresh,
  changed,
}: Choosing<Thing, Value, Data, Variables>): Optimistic<Thing, Value> {
  /** What was chosen, and whether the server has taken it: then it is shown until the page knows that from the server. */
  const choices = shallowReactive(new Map<string, { readonly value: Value; readonly taken: boolean }>());
  const refusals = shallowReactive(new Map<string, string>());
  watch(fresh, () => {
    for (const [key, { taken }] of choices) if (taken) choices.delete(key);
  });
  return {
    shown: (thing, held) => {
      const choice = choices.get(keyOf(thing));
      return choice ? choice.value : held;
    },
    refusal: (thing) => refusals.get(keyOf(thing)),
    choose: async (thing, value) => {
      const key = keyOf(thing);
      const choice = { value, taken: false };
      choices.set(key, choice);
      refusals.delete(key);
      const { failure } = await act(document, variables(thing, value));
      // Who has chosen again meanwhile sees the later choice.
      if (choices.get(key) !== choice) return;
      if (failure) {
        choices.delete(key);
        refusals.set(key, failure.message);
        return;
      }
      choices.set(key, { value, taken: true });
      changed();
    },
  };
}
