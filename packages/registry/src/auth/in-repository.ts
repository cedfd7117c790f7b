import { isRepositoryGone } from '@escale/domain/repositories';
import type { OnRepository } from '../routing/exchange.ts';

/**
 * Stores something in the repository of a push. A repository in which nothing was stored yet is removed with its last upload, also
 * while another push has just been admitted to it: then it is made again, and the push goes on there.
 * @param act may run twice; what it does in a repository that is gone is undone
 */
export async function inRepository<Exchange extends OnRepository<unknown>, Result>(
  exchange: Exchange,
  act: (exchange: Exchange) => Promise<Result>,
): Promise<Result> {
  try {
    return await act(exchange);
  } catch (error) {
    if (!exchange.readmit || !isRepositoryGone(error)) throw error;
    return act({ ...exchange, repository: await exchange.readmit() });
  }
}
