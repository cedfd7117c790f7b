import { parseRepositoryName, scopeText, type RepositoryAction } from '@escale/schema/values';
import type { Need } from '../routing/endpoints.ts';
import type { RegistryRequest } from '../routing/parse-request.ts';

/**
 * The `WWW-Authenticate` header of a 401 answer: where to get a token, and for what. It is one challenge, because clients read
 * the header with one pattern and would take the realm of a second one. Basic credentials are accepted without being offered.
 * The scope repeats what the request itself names, so it says nothing about what exists (T27).
 * @param to.realm address of the token service, under the name by which the client asks
 * @param to.service the same under every name, because tokens are
 */
export function challenge(
  to: { readonly realm: string; readonly service: string },
  request: RegistryRequest | undefined,
  needs: Need,
  error?: string,
): string {
  const scope = request && scopeFor(request, needs);
  const parts = [
    `realm="${to.realm}"`,
    `service="${to.service}"`,
    ...(scope ? [`scope="${scope}"`] : []),
    ...(error ? [`error="${error}"`] : []),
  ];
  return `Bearer ${parts.join(',')}`;
}

function scopeFor(request: RegistryRequest, needs: Need): string | undefined {
  if (request.kind === 'catalog') return 'registry:catalog:*';
  if (!('repository' in request)) return undefined;
  const actions = actionsFor(needs);
  if (request.kind !== 'mountBlob') return scopeText(request.repository, actions);
  if (request.from === undefined) return scopeText(request.repository, [...actions, 'mount']);
  const source = parseRepositoryName(request.from);
  return [scopeText(request.repository, actions), ...(source ? [scopeText(source, ['pull'])] : [])].join(' ');
}

function actionsFor(needs: Need): RepositoryAction[] {
  if (needs === 'push' || needs === 'create') return ['pull', 'push'];
  return needs === 'delete' ? ['delete'] : ['pull'];
}
