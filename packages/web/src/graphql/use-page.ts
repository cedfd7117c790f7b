import type { AnyVariables, TypedDocumentNode } from '@urql/core';
import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import { client, failureOf, type Failure } from './client.ts';

/** A query as a page needs it: loading, failed or filled, and again on demand. */
export interface Loaded<Data> {
  readonly data: ShallowRef<Data | undefined>;
  readonly failure: Ref<Failure | undefined>;
  readonly loading: Ref<boolean>;
  reload(): void;
}

/** Asks whenever the variables change; shows what is cached while it asks. */
export function useLoaded<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: () => Variables,
): Loaded<Data> {
  const data = shallowRef<Data>();
  const failure = ref<Failure>();
  const loading = ref(true);
  let subscription: { unsubscribe(): void } | undefined;
  const ask = (fresh: boolean) => {
    subscription?.unsubscribe();
    loading.value = true;
    subscription = client
      .query(document, variables(), fresh ? { requestPolicy: 'network-only' } : {})
      .subscribe((result) => {
        if (result.data !== undefined) data.value = result.data;
        failure.value = result.error && failureOf(result.error);
        loading.value = result.stale || result.hasNext;
      });
  };
  watch(
    () => JSON.stringify(variables()),
    () => {
      ask(false);
    },
    { immediate: true },
  );
  onScopeDispose(() => subscription?.unsubscribe());
  return {
    data,
    failure,
    loading,
    reload: () => {
      ask(true);
    },
  };
}

/** Runs a mutation for a form. @returns the data, or the failure for the field at fault */
export async function act<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<{ data: Data; failure?: undefined } | { data?: undefined; failure: Failure }> {
  const { data, error } = await client.mutation(document, variables).toPromise();
  if (error) return { failure: failureOf(error) };
  if (data === undefined) return { failure: { code: 'UNKNOWN', message: '', field: undefined } };
  return { data };
}
