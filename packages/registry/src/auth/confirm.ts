import type { OnRepository } from '../routing/exchange.ts';

/**
 * Looks at the rights on which an exchange has only begun (`BelievedRights`), for whatever does not look at them by itself.
 * @returns the exchange to go on with
 * @throws UNAUTHORIZED, DENIED, NAME_UNKNOWN
 */
export async function confirm<Exchange extends Pick<OnRepository<unknown>, 'ctx' | 'repository'>>(
  exchange: Exchange,
): Promise<Exchange> {
  const repository = await exchange.ctx.believed?.confirm();
  return repository ? { ...exchange, repository } : exchange;
}
