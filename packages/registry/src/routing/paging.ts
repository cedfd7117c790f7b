import { unsupported } from '@escale/domain/errors';

/** Most entries of one page. */
const pageLimit = 1000;

/**
 * Reads `n` and `last` of a list (end-8, R24). An empty value counts as absent, as scripts with an unset variable send it.
 * @throws UNSUPPORTED (as 400) for an n that is no number of entries
 */
export function readPage(query: URLSearchParams, fallback = pageLimit): { limit: number; last?: string } {
  const asked = query.get('n') ?? '';
  if (!/^\d{0,20}$/.test(asked)) throw new BadPage();
  const limit = asked === '' ? fallback : Math.min(Number(asked), pageLimit);
  const last = query.get('last') ?? '';
  return { limit, ...(last !== '' && { last: last.replaceAll('\0', '') }) };
}

/** Not a `DomainError` of its own: the code UNSUPPORTED, but the status of a bad request. */
export class BadPage extends Error {
  readonly refusal = unsupported('n must be a number of entries');
}

/** RFC 8288: the address of the next page, relative. */
export function nextPage(path: string, parameters: Record<string, string | readonly string[]>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of typeof value === 'string' ? [value] : value) query.append(name, one);
  }
  return `<${path}?${query.toString()}>; rel="next"`;
}
