import type { AnyVariables, TypedDocumentNode } from '@urql/core';
import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import { client, failureOf, type Failure } from './client.ts';

/** A query as a page needs it: loading, failed or filled, and again on demand. */
export interface Loaded<Data> {
  readonly data: ShallowRef<Data | undefined>;
  readonly failure: Readonly<Ref<Failure | undefined>>;
  readonly loading: Ref<boolean>;
  reload(): void;
}

/**
 * Asks whenever the variables change; shows what is cached while it asks.
 * @param options.fresh whether what is cached is not to be shown, because it may say the opposite
 * @param options.unless whether nothing is to be asked, because the page knows the answer from elsewhere
 */
export function useLoaded<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: () => Variables,
  { fresh: isFresh = false, unless }: { fresh?: boolean; unless?: () => boolean } = {},
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
    () => (unless?.() ? undefined : JSON.stringify(variables())),
    (asked) => {
      if (asked !== undefined) ask(isFresh);
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

/** A part of a list, as the API answers it. */
export interface Connection<Node> {
  readonly totalCount: number;
  readonly nodes: readonly Node[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: string | null | undefined };
}

/** A list that grows page by page. */
export interface Listed<Data, Node> extends Loaded<Data> {
  /** What has been loaded so far; undefined before the first answer. */
  readonly nodes: ComputedRef<readonly Node[] | undefined>;
  readonly totalCount: ComputedRef<number>;
  readonly hasMore: ComputedRef<boolean>;
  more(): Promise<void>;
}

/**
 * Asks as `useLoaded` does for the first page, and for each further one on demand; other variables begin anew.
 * @param options.first where the page as a whole asks once for all that it shows, its beginning of this list among it
 */
export function useListed<Data, Variables extends AnyVariables, Node>(
  document: TypedDocumentNode<Data, Variables>,
  variables: () => Omit<Variables, 'after'>,
  connectionOf: (data: Data) => Connection<Node> | null | undefined,
  { first: given }: { first?: Loaded<Data> } = {},
): Listed<Data, Node> {
  const later = shallowRef<readonly Connection<Node>[]>([]);
  const refused = ref<Failure>();
  const first = given ?? useLoaded(document, () => variables() as Variables);
  const beginAnew = () => {
    later.value = [];
    refused.value = undefined;
  };
  watch(() => JSON.stringify(variables()), beginAnew);
  const beginning = computed(() => (first.data.value ? (connectionOf(first.data.value) ?? undefined) : undefined));
  const last = computed(() => later.value.at(-1) ?? beginning.value);
  return {
    ...first,
    failure: computed(() => refused.value ?? first.failure.value),
    nodes: computed(() => beginning.value && [beginning.value, ...later.value].flatMap(({ nodes }) => nodes)),
    totalCount: computed(() => beginning.value?.totalCount ?? 0),
    hasMore: computed(() => last.value?.pageInfo.hasNextPage ?? false),
    more: async () => {
      const begun = beginning.value;
      const asked = { ...variables(), after: last.value?.pageInfo.endCursor } as unknown as Variables;
      const { data, error } = await client.query(document, asked, { requestPolicy: 'network-only' }).toPromise();
      // A page of a list that has meanwhile begun anew belongs nowhere.
      if (begun !== beginning.value) return;
      refused.value = error && failureOf(error);
      const page = data && connectionOf(data);
      if (page) later.value = [...later.value, page];
    },
    reload: () => {
      beginAnew();
      first.reload();
    },
  };
}

/** A list that comes whole, as `useListed` gives one that comes in pages. */
export function useWhole<Data, Variables extends AnyVariables, Node>(
  document: TypedDocumentNode<Data, Variables>,
  variables: () => Variables,
  nodesOf: (data: Data) => readonly Node[] | null | undefined,
): Listed<Data, Node> {
  const loaded = useLoaded(document, variables);
  const nodes = computed(() => (loaded.data.value ? (nodesOf(loaded.data.value) ?? undefined) : undefined));
  return {
    ...loaded,
    nodes,
    totalCount: computed(() => nodes.value?.length ?? 0),
    hasMore: computed(() => false),
    more: () => Promise.resolve(),
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

/** A mutation with what a form shows of it. */
export interface Acting<Data, Variables> {
  readonly busy: Ref<boolean>;
  readonly failure: Ref<Failure | undefined>;
  /** What went wrong at this input. */
  at(field: string): string | undefined;
  /** What went wrong elsewhere than at these inputs. */
  besides(...fields: readonly string[]): string | undefined;
  /** @returns undefined when it was refused; `failure` says why */
  run(variables: Variables): Promise<Data | undefined>;
}

export function useAct<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
): Acting<Data, Variables> {
  const busy = ref(false);
  const failure = ref<Failure>();
  return {
    busy,
    failure,
    at: (field) => (failure.value?.field === field ? failure.value.message : undefined),
    besides: (...fields) =>
      failure.value && !fields.includes(failure.value.field ?? '') ? failure.value.message : undefined,
    run: async (variables) => {
      busy.value = true;
      failure.value = undefined;
      const { data, failure: failed } = await act(document, variables);
      busy.value = false;
      failure.value = failed;
      return data;
    },
  };
}
