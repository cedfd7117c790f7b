import type Koa from 'koa';
import { DomainError } from '@escale/domain/errors';
import type { OwnOrigins } from './own-origins.ts';

/**
 * Checks the `ns` parameter, with which a client that uses us as a mirror says whose content it asks for (distribution-spec,
 * Registry Proxying). We mirror nobody. Our own content of the same name must not pass for that of another registry, so a
 * foreign `ns` finds nothing, whoever asks. The client then goes on to the next host. An empty value counts as absent.
 * @throws NAME_UNKNOWN
 */
export function checkMirrorNamespace(http: Koa.Context, path: string, query: URLSearchParams, own: OwnOrigins): void {
  if (path === '/v2/' || path === '/v2' || path === '/v2/auth') return;
  const named = query.getAll('ns').filter((host) => host !== '');
  const [first] = named;
  if (first === undefined) return;
  if (named.some((host) => own.find(host) === undefined)) {
    throw new DomainError(
      'NAME_UNKNOWN',
      'the parameter ns names another registry, and this one mirrors none; ESCALE_ALSO_KNOWN_AS lists its own further names',
    );
  }
  http.set('OCI-Namespace', first);
}
