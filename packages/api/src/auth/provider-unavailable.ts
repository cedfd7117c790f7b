import { DomainError } from '@escale/domain/errors';

export function providerUnavailable(cause?: unknown): DomainError {
  const error = new DomainError(
    'UNAVAILABLE',
    'the identity provider does not answer at the moment; try again shortly',
  );
  error.cause = cause;
  return error;
}

/** Of openid-client: too late. Of jose: too late; an answer that is no set of keys. */
const codes: ReadonlySet<unknown> = new Set(['OAUTH_TIMEOUT', 'ERR_JWKS_TIMEOUT', 'ERR_JOSE_GENERIC']);

/** Whether something failed because the provider does not answer, not because of what it said: 5xx, no connection, too late. */
export function isUnavailable(error: unknown): boolean {
  const chain: unknown[] = [];
  for (let link: unknown = error; link instanceof Error && chain.length < 8; link = link.cause)
    chain.push(link, link.cause);
  return chain.some((link) => {
    if (link instanceof DomainError) return link.code === 'UNAVAILABLE';
    if (typeof link !== 'object' || link === null) return false;
    const { status, name, code }: { status?: unknown; name?: unknown; code?: unknown } = link;
    const unreachable = link instanceof TypeError && link.message === 'fetch failed';
    return (typeof status === 'number' && status >= 500) || name === 'TimeoutError' || codes.has(code) || unreachable;
  });
}
