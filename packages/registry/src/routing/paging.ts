import { unsupported } from '@escale/domain/errors';

/** Most entries of one page. */
const pageLimit = 1000;

/** `n` and `last` of a list (end-8, R24). @throws UNSUPPORTED (as 400) for an n that is no number of entries */
export function readPage(query: URLSearchParams, fallback = pageLimit): { limit: number; last?: string } {
  const asked = query.get('n');
  if (asked !== null && !/^\d{1,20}$/.test(asked)) throw new BadPage();
  const limit = asked === null ? fallback : Math.min(Number(asked), pageLimit);
  const last = query.get('last');
  return { limit, ...(last !== null && { last: last.replaceAll('\0', '') }) };
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
