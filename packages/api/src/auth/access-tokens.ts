import type { UserPrincipal } from '@escale/domain/access';
import type { Context } from '@escale/domain/context';
import type { ApiConfig } from '../config.ts';
import { identifyAccessToken } from './identify.ts';
import { KeycloakBearers } from './keycloak.ts';
import { OpenIdProvider } from './openid-provider.ts';

/** Takes access tokens of the identity provider where there is no management API in the process: for `$oauthtoken` at the registry. */
export function accessTokens(
  config: ApiConfig,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): (nobody: Context, token: string) => Promise<UserPrincipal> {
  const bearers = new KeycloakBearers(config, new OpenIdProvider(config.oidc, fetch).keys);
  return (nobody, token) => identifyAccessToken({ config, bearers }, nobody, token);
}
