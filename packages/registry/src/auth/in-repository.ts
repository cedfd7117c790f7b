import { isRepositoryGone } from '@escale/domain/repositories';
import type { OnRepository } from '../routing/exchange.ts';

/** Only many cancelled uploads under one name, all at once, can remove the repository of a push again and again. */
const triesAtMost = 10;

/**
 * Stores something in the repository of a push. A repository in which nothing was stored yet is removed with its last upload, also
 * while another push has just been admitted to it: then it is made again, and the push goes on there.
 * @param act may run more than once; what it does in a repository that is gone is undone
 */
export async function inRepository<Exchange extends OnRepository<unknown>, Result>(
  exchange: Exchange,
  act: (exchange: Exchange) => Promise<Result>,
): Promise<Result> {
  let current = exchange;
  for (let tries = 1; ; tries += 1) {
    try {
      return await act(current);
    } catch (error) {
      if (!exchange.readmit || tries === triesAtMost || !isRepositoryGone(error)) throw error;
      current = { ...exchange, repository: await exchange.readmit() };
    }
  }
}
