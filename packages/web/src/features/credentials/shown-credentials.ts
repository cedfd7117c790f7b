import { ref, shallowRef } from 'vue';
import { signInTooOld, type Failure } from '../../graphql/client.ts';
import type { PasteableFragment } from '../../graphql/generated/graphql.ts';
import { useKept } from '../../ui/kept-form.ts';

type Answer = { readonly credentials: PasteableFragment } | { readonly failure: Failure };

/**
 * Credentials in their dialog: just made, or shown again.
 * @param name what is asked for is kept under it while the person signs in again
 * @param ask asks for the credentials of one thing again
 */
export function useShownCredentials<Thing extends { readonly who: string }>(
  name: string,
  ask: (thing: Thing) => Promise<Answer>,
) {
  const shown = shallowRef<{ who: string; credentials: PasteableFragment }>();
  const showing = ref(false);
  const failure = ref<Failure>();
  const show = (who: string, credentials: PasteableFragment) => {
    failure.value = undefined;
    shown.value = { who, credentials };
    showing.value = true;
  };
  /** What is shown as soon as the person has signed in again. */
  const awaited = shallowRef<Thing>();
  useKept(name, { awaited });
  const reveal = async (thing: Thing) => {
    const answer = await ask(thing);
    failure.value = 'failure' in answer ? answer.failure : undefined;
    awaited.value = failure.value?.code === signInTooOld ? thing : undefined;
    if ('credentials' in answer) show(thing.who, answer.credentials);
  };
  if (awaited.value) void reveal(awaited.value);
  return { shown, showing, failure, show, reveal };
}
