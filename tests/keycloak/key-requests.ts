import type { Stack } from '../support/stack.ts';

/** What the watched product prints when it asks the provider for its keys. */
export const keyRequest = 'the keys of the provider are asked for';

/** How often it has asked so far. */
export function keyRequestsOf(stack: Stack): number {
  return stack.logs().split(keyRequest).length - 1;
}
