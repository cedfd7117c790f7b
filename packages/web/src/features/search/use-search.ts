import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue';
import { viewer } from '../../auth/session.ts';
import { client, failureOf, type Failure } from '../../graphql/client.ts';
import { SearchDocument } from '../../graphql/generated/graphql.ts';
import { hitOf, type Hit } from './hit.ts';

/** Milliseconds of rest before a text is looked up. */
const rest = 200;

/** Looks a text up while it is typed; an answer that comes late for another text is dropped. */
export function useSearch(typed: Ref<string>, first: number) {
  const found = shallowRef<readonly Hit[]>();
  const failure = ref<Failure>();
  const loading = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let subscription: { unsubscribe(): void } | undefined;

  function ask(): void {
    const text = typed.value.trim();
    subscription = client.query(SearchDocument, { text, first }).subscribe(({ data, error, stale }) => {
      loading.value = stale;
      failure.value = error && failureOf(error);
      if (data) found.value = data.search.map((one) => hitOf(one, viewer.value?.username));
    });
  }

  watch(
    typed,
    (text, before) => {
      clearTimeout(timer);
      subscription?.unsubscribe();
      loading.value = text.trim() !== '';
      if (!loading.value) found.value = undefined;
      else if (before === undefined) ask();
      else timer = setTimeout(ask, rest);
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    clearTimeout(timer);
    subscription?.unsubscribe();
  });
  return { found, failure, loading, isEmpty: computed(() => found.value?.length === 0), retry: ask };
}
