import { parseRepositoryName, scopeText, type RepositoryAction } from '@escale/schema/values';
import { registryHost, type RegistryConfig } from '../config.ts';
import type { Need } from '../routing/endpoints.ts';
import type { RegistryRequest } from '../routing/parse-request.ts';

/**
 * The 401 answer's `WWW-Authenticate` headers: where to get a token, for what. Bearer first, then Basic, which works directly too.
 * Not on `/v2/`: the docker engine believes what that offers and gives up on Basic when nobody is logged in, also for what is
 * public. The scope repeats what the request itself names, so it says nothing about what exists (reliability §1.3).
 */
export function challenge(
  config: RegistryConfig,
  request: RegistryRequest | undefined,
  needs: Need,
  error?: string,
): string[] {
  const scope = request && scopeFor(request, needs);
  const parts = [
    `realm="${config.externalUrl}/v2/auth"`,
    `service="${registryHost(config)}"`,
    ...(scope ? [`scope="${scope}"`] : []),
    ...(error ? [`error="${error}"`] : []),
  ];
  const bearer = `Bearer ${parts.join(',')}`;
  return request?.kind === 'ping' ? [bearer] : [bearer, `Basic realm="${registryHost(config)}"`];
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
