import { scopeText, type RepositoryAction } from '@escale/schema/values';
import { registryHost, type RegistryConfig } from '../config.ts';
import type { Need } from '../routing/endpoints.ts';
import type { RegistryRequest } from '../routing/parse-request.ts';

/**
 * The 401 answer's `WWW-Authenticate`: where to get a token, for what. Bearer first, then Basic, which works directly too.
 * The scope repeats the request's path alone, so it says nothing about what exists (reliability §1.3).
 */
export function challenge(
  config: RegistryConfig,
  request: RegistryRequest | undefined,
  needs: Need,
  error?: string,
): string {
  const scope = request && 'repository' in request ? scopeText(request.repository, actionsFor(needs)) : undefined;
  const parts = [
    `realm="${config.externalUrl}/v2/auth"`,
    `service="${registryHost(config)}"`,
    ...(scope ? [`scope="${scope}"`] : []),
    ...(error ? [`error="${error}"`] : []),
  ];
  return `Bearer ${parts.join(',')}`;
}

function actionsFor(needs: Need): RepositoryAction[] {
  if (needs === 'push' || needs === 'create') return ['pull', 'push'];
  return needs === 'delete' ? ['delete'] : ['pull'];
}
