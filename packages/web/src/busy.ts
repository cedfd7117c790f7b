import { computed, shallowReactive } from 'vue';

/** Everything that is underway and that the page will show when it is there: requests, code, the way to another page. */
const underway = shallowReactive(new Set<unknown>());

/** Whether more is coming; `main` says so (`aria-busy`) to those who do not see the page. */
export const isBusy = computed(() => underway.size > 0);

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
    end(work);
  }
}
