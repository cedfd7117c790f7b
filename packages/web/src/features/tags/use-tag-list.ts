import { ref, shallowReactive, shallowRef, watch, type Ref, type ShallowReactive, type ShallowRef } from 'vue';
import { client, failureOf, type Failure } from '../../graphql/client.ts';
import {
  RepositoryTagsDocument,
  TagsByNameDocument,
  type TagOrder,
  type TagRowFragment,
} from '../../graphql/generated/graphql.ts';
import { placed } from './tag-order.ts';

export interface TagQuery {
  readonly name: string;
  readonly search: string | undefined;
  readonly orderBy: TagOrder;
}

export interface TagListing {
  /** Of all that are found, in order, the first 20,000; undefined before the first answer. */
  readonly names: ShallowRef<readonly string[] | undefined>;
  /** What has been looked up of them, by name. */
  readonly rows: ShallowReactive<Map<string, TagRowFragment>>;
  readonly totalCount: Ref<number>;
  readonly loading: Ref<boolean>;
  readonly failure: Ref<Failure | undefined>;
  reload(): void;
  /** Looks up those of these that are not known yet. Only the latest wish counts: who scrolls by does not wait for what was passed. */
  show(names: readonly string[]): void;
  /** Looks up single tags again and puts them where they belong, so that the page stays where it is. */
  refresh(names: readonly string[]): Promise<void>;
}

const fresh = { requestPolicy: 'network-only' } as const;
/** What the server looks up at once. */
const lookedUp = 100;
/** Milliseconds that a scroll must rest before its rows are looked up: what is passed on the way is not. */
const rest = 60;
/** With more changes at once than this, the list is asked for anew. */
const fewChanges = 10;

/** The tags of a repository: the names of all at once, the rest for those that one looks at. Single ones change meanwhile. */
export function useTagList(query: () => TagQuery): TagListing {
  const names = shallowRef<readonly string[]>();
  const rows = shallowReactive(new Map<string, TagRowFragment>());
  const totalCount = ref(0);
  const loading = ref(true);
  const failure = ref<Failure>();
  /** Answers to a question that is no longer asked are dropped. */
  let turn = 0;
  /** What has been looked up since the list was asked for; older rows are shown until they are looked up again. */
  let known = new Set<string>();
  let wanted: readonly string[] = [];
  let isLookingUp = false;
  let resting: number | undefined;

  async function ask(): Promise<void> {
    const mine = (turn += 1);
    loading.value = true;
    const { data, error } = await client.query(RepositoryTagsDocument, query(), fresh).toPromise();
    if (mine !== turn) return;
    loading.value = false;
    failure.value = error && failureOf(error);
    if (!data?.repository) return;
    const { tags, tagNames } = data.repository;
    known = new Set();
    for (const tag of tags.nodes) learn(tag);
    names.value = tagNames;
    totalCount.value = tags.totalCount;
    void lookUp();
  }

  function learn(tag: TagRowFragment): void {
    rows.set(tag.name, tag);
    known.add(tag.name);
  }

  /** @returns undefined when the server did not say */
  async function find(repository: string, sought: readonly string[]): Promise<readonly TagRowFragment[] | undefined> {
    const { data, error } = await client
      .query(TagsByNameDocument, { repository, names: [...sought] }, fresh)
      .toPromise();
    failure.value = error && failureOf(error);
    return data?.repository?.tagsByName;
  }

  async function lookUp(): Promise<void> {
    while (!isLookingUp) {
      const missing = wanted.filter((name) => !known.has(name)).slice(0, lookedUp);
      if (missing.length === 0) return;
      isLookingUp = true;
      const mine = turn;
      const found = await find(query().name, missing);
      isLookingUp = false;
      if (mine !== turn) continue;
      if (!found) return;
      for (const tag of found) learn(tag);
      const gone = new Set(missing.filter((name) => !known.has(name)));
      if (gone.size > 0) remove(gone);
    }
  }

  function remove(gone: ReadonlySet<string>): void {
    const before = names.value?.length ?? 0;
    names.value = names.value?.filter((name) => !gone.has(name));
    totalCount.value -= before - (names.value?.length ?? 0);
    for (const name of gone) rows.delete(name);
  }

  async function refresh(changed: readonly string[]): Promise<void> {
    if (changed.length > fewChanges) return ask();
    const asked = query();
    const mine = turn;
    const found = await find(asked.name, changed);
    if (!found || mine !== turn || names.value === undefined) return;
    const fitting = found.filter((tag) => matches(tag, asked.search));
    remove(new Set(changed.filter((name) => !fitting.some((tag) => tag.name === name))));
    for (const tag of fitting.toSorted((one, other) => one.pushedAt.localeCompare(other.pushedAt))) {
      const next = placed(names.value, rows.get(tag.name), tag, asked.orderBy);
      if (!next) return ask();
      totalCount.value += next.length - names.value.length;
      names.value = next;
      learn(tag);
    }
  }

  watch(
    () => JSON.stringify(query()),
    () => void ask(),
    { immediate: true },
  );
  return {
    names,
    rows,
    totalCount,
    loading,
    failure,
    reload: () => void ask(),
    show: (shown) => {
      wanted = shown;
      window.clearTimeout(resting);
      resting = window.setTimeout(() => void lookUp(), rest);
    },
    refresh,
  };
}

/** As the server searches: part of the name, the beginning of the digest, or what is deprecated. */
function matches({ name, digest, manifest }: TagRowFragment, search: string | undefined): boolean {
  if (!search) return true;
  const sought = search.toLowerCase();
  if (sought === 'is:deprecated') return typeof manifest.deprecation === 'string';
  return /^sha(?:256|512):/.test(sought) ? digest.startsWith(sought) : name.toLowerCase().includes(sought);
}
