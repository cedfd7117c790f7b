import { computed, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import { client, failureOf, type Failure } from '../../graphql/client.ts';
import {
  OneTagDocument,
  RepositoryTagsDocument,
  type TagOrder,
  type TagRowFragment,
} from '../../graphql/generated/graphql.ts';

export interface TagQuery {
  readonly name: string;
  readonly search: string | undefined;
  readonly orderBy: TagOrder;
}

export interface TagListing {
  /** Those that have been loaded; undefined before the first answer. */
  readonly tags: ShallowRef<readonly TagRowFragment[] | undefined>;
  readonly totalCount: Ref<number>;
  readonly hasMore: ComputedRef<boolean>;
  readonly loading: Ref<boolean>;
  readonly failure: Ref<Failure | undefined>;
  reload(): void;
  more(): Promise<void>;
  /** Looks up single tags again and puts them where they belong, so that the page stays where it is. */
  refresh(names: readonly string[]): Promise<void>;
}

const fresh = { requestPolicy: 'network-only' } as const;
/** With more changes at once than this, the list is asked for anew. */
const fewChanges = 10;

/** The tags of a repository, page by page, in which single ones change while one looks at them. */
export function useTagList(query: () => TagQuery): TagListing {
  const tags = shallowRef<readonly TagRowFragment[]>();
  const totalCount = ref(0);
  const cursor = ref<string>();
  const loading = ref(true);
  const failure = ref<Failure>();
  /** Answers to a question that is no longer asked are dropped. */
  let turn = 0;

  async function ask(after: string | undefined): Promise<void> {
    const mine = (turn += 1);
    loading.value = true;
    const { data, error } = await client.query(RepositoryTagsDocument, { ...query(), after }, fresh).toPromise();
    if (mine !== turn) return;
    loading.value = false;
    failure.value = error && failureOf(error);
    const page = data?.repository?.tags;
    if (!page) return;
    tags.value = after === undefined ? page.nodes : merged(tags.value ?? [], page.nodes);
    totalCount.value = page.totalCount;
    cursor.value = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? undefined) : undefined;
  }

  async function refresh(names: readonly string[]): Promise<void> {
    if (names.length > fewChanges) return ask(undefined);
    const { name: repository, search } = query();
    const answers = await Promise.all(
      names.map((tag) => client.query(OneTagDocument, { repository, tag }, fresh).toPromise()),
    );
    for (const [index, { data }] of answers.entries()) {
      const name = names[index];
      if (!data?.repository || name === undefined || tags.value === undefined || repository !== query().name) continue;
      const found = data.repository.tag;
      const fits = found && matches(found, search);
      const before = tags.value.some((tag) => tag.name === name);
      const rest = tags.value.filter((tag) => tag.name !== name);
      tags.value = fits ? placed(rest, found, query().orderBy) : rest;
      totalCount.value += Number(Boolean(fits)) - Number(before);
    }
  }

  watch(
    () => JSON.stringify(query()),
    () => void ask(undefined),
    { immediate: true },
  );
  return {
    tags,
    totalCount,
    hasMore: computed(() => cursor.value !== undefined),
    loading,
    failure,
    reload: () => void ask(undefined),
    more: async () => {
      if (!loading.value && cursor.value !== undefined) await ask(cursor.value);
    },
    refresh,
  };
}

/** A tag that came live may come once more with its page. */
function merged(before: readonly TagRowFragment[], page: readonly TagRowFragment[]): readonly TagRowFragment[] {
  const known = new Set(before.map(({ name }) => name));
  return [...before, ...page.filter(({ name }) => !known.has(name))];
}

/** As the server searches: part of the name, or the beginning of the digest. */
function matches({ name, digest }: TagRowFragment, search: string | undefined): boolean {
  if (!search) return true;
  const sought = search.toLowerCase();
  return /^sha(?:256|512):/.test(sought) ? digest.startsWith(sought) : name.toLowerCase().includes(sought);
}

function placed(tags: readonly TagRowFragment[], tag: TagRowFragment, orderBy: TagOrder): readonly TagRowFragment[] {
  const before = (other: TagRowFragment): boolean => {
    if (orderBy === 'NAME') return other.name < tag.name;
    if (orderBy === 'SIZE') return Number(other.size) > Number(tag.size);
    return other.pushedAt > tag.pushedAt;
  };
  const at = tags.findIndex((other) => !before(other));
  return at === -1 ? [...tags, tag] : tags.toSpliced(at, 0, tag);
}
