import { createEventHook } from '@vueuse/core';
import { onScopeDispose, provide, shallowRef, type ShallowRef } from 'vue';
import { RepositoryActivityDocument } from '../../graphql/generated/graphql.ts';
import { useLive } from '../../graphql/use-live.ts';
import { repositoryActivity } from './activity.ts';

/** Milliseconds in which events are collected before a page looks again. */
const together = 250;
/** After so many milliseconds without news, an upload is taken to have ended. */
const quiet = 4000;

/**
 * Follows what happens in a repository, for the page and all below it.
 * @param onNews called when something happened to its tags
 * @returns how many bytes of each upload in progress have arrived
 */
export function useActivity(
  repository: () => string | undefined,
  onNews: () => void,
): ShallowRef<ReadonlyMap<string, number>> {
  const uploads = shallowRef<ReadonlyMap<string, number>>(new Map());
  const news = createEventHook<readonly string[]>();
  news.on(onNews);
  const waiting = new Set<string>();
  const ends = new Map<string, ReturnType<typeof setTimeout>>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  provide(repositoryActivity, (onTags) => {
    news.on(onTags);
  });

  function tell(tag: string | null | undefined): void {
    if (tag) waiting.add(tag);
    timer ??= setTimeout(() => {
      timer = undefined;
      const tags = [...waiting];
      waiting.clear();
      if (tags.length > 0) void news.trigger(tags);
    }, together);
  }

  function uploaded(id: string, bytes: number): void {
    uploads.value = new Map(uploads.value).set(id, bytes);
    clearTimeout(ends.get(id));
    const end = setTimeout(() => {
      const rest = new Map(uploads.value);
      rest.delete(id);
      uploads.value = rest;
      ends.delete(id);
    }, quiet);
    ends.set(id, end);
  }

  useLive(
    RepositoryActivityDocument,
    () => {
      const name = repository();
      return name === undefined ? undefined : { repository: name };
    },
    ({ repositoryActivity: event }) => {
      if (event.upload) uploaded(event.upload.id, Number(event.upload.receivedBytes));
      else tell(event.tag);
    },
    () => void news.trigger([]),
  );
  onScopeDispose(() => {
    clearTimeout(timer);
    for (const end of ends.values()) clearTimeout(end);
  });
  return uploads;
}
