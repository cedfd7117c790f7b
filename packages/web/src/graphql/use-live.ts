import type { AnyVariables, TypedDocumentNode } from '@urql/core';
import { onScopeDispose, ref, watch, type Ref } from 'vue';
import { useDocumentVisibility } from '@vueuse/core';
import { asSent } from './as-sent.ts';

/** Whether events arrive: not asked for, on the way to the server, or listening. */
export type LiveState = 'off' | 'connecting' | 'live';

/** Before somebody whom the server has let go follows again. */
const pauseMilliseconds = 3000;

/**
 * Follows a subscription over server-sent events while `variables` answers some and the page can be seen. A hidden page lets
 * go: a browser keeps only six connections to a host, and others need them. Lost connections are tried again, ever slower.
 * @param onEvent what to do with each event
 * @param onGap called when events may have been missed, after each connection but the first
 */
export function useLive<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: () => Variables | undefined,
  onEvent: (data: Data) => void,
  onGap: () => void = () => undefined,
): Ref<LiveState> {
  const state = ref<LiveState>('off');
  const visibility = useDocumentVisibility();
  let stop: () => void = () => undefined;
  let wasConnected = false;
  let again: ReturnType<typeof setTimeout> | undefined;

  async function begin(asked: Variables): Promise<void> {
    let ended = false;
    /** The server lets go of who takes events too slowly, and of nobody for ever: what was missed is asked for anew. */
    let isToFollowAgain = false;
    let dispose: () => void = () => undefined;
    stop = () => {
      ended = true;
      clearTimeout(again);
      state.value = 'off';
      dispose();
    };
    state.value = 'connecting';
    // Only pages that show something live load this.
    const { createClient } = await import('graphql-sse');
    if (ended) return;
    const events = createClient({
      url: '/graphql',
      credentials: 'same-origin',
      headers: { 'x-escale-csrf': '1' },
      retryAttempts: Number.POSITIVE_INFINITY,
      retry: (tries) => new Promise((resolve) => setTimeout(resolve, Math.min(30_000, 1000 * 2 ** tries))),
    });
    const unsubscribe = events.subscribe<Data>(
      { ...asSent(document), variables: asked as Record<string, unknown> },
      {
        next: ({ data, errors }) => {
          if (data) onEvent(data);
          isToFollowAgain = errors?.[0]?.extensions?.['code'] === 'UNAVAILABLE';
        },
        error: () => (state.value = 'off'),
        complete: () => {
          if (ended) return;
          state.value = 'off';
          if (isToFollowAgain) again = setTimeout(() => void begin(asked), pauseMilliseconds);
        },
      },
      {
        connecting: () => {
          if (!ended) state.value = 'connecting';
        },
        connected: () => {
          if (ended) return;
          state.value = 'live';
          if (wasConnected) onGap();
          wasConnected = true;
        },
      },
    );
    dispose = () => {
      unsubscribe();
      events.dispose();
    };
  }

  watch(
    [() => JSON.stringify(variables()), visibility],
    () => {
      stop();
      const asked = variables();
      if (asked !== undefined && visibility.value === 'visible') void begin(asked);
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    stop();
  });
  return state;
}
