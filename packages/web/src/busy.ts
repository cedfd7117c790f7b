import { computed, ref, shallowReactive, watch } from 'vue';

/** Everything that is underway and that the page will show when it is there: requests, code, the way to another page. */
const underway = shallowReactive(new Set<unknown>());

/** Whether more is coming; `main` says so (`aria-busy`) to those who do not see the page. */
export const isBusy = computed(() => underway.size > 0);

/** Whether a page that was gone to is not all there yet: what comes after a part that is still loading would move. */
export const isComing = ref(true);
// After rendering: a page that has just been put there asks for what it shows.
watch(
  isBusy,
  (busy) => {
    if (!busy) isComing.value = false;
  },
  { flush: 'post' },
);

export function begin(work: unknown): void {
  underway.add(work);
}

export function end(work: unknown): void {
  underway.delete(work);
}

/** @returns what the work comes to */
export async function during<Outcome>(work: Promise<Outcome>): Promise<Outcome> {
  begin(work);
  try {
    return await work;
  } finally {
    // Once those who wait for it have put it on the page.
    setTimeout(() => {
      end(work);
    });
  }
}
