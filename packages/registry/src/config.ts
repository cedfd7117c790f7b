import { z } from 'zod';

/** What the registry reads of the configuration. */
export const registryConfig = z.object({
  ESCALE_EXTERNAL_URL: z
    .url()
    .describe('the only source of absolute URLs: token realm, redirect URIs, docker commands'),
});

export interface RegistryConfig {
  /** Without a trailing slash. */
  readonly externalUrl: string;
  /** Further origins that are explicitly ours, without a trailing slash; none when left out. */
  readonly alsoKnownAs?: readonly string[];
  /** Networks (CIDR) of proxies whose X-Forwarded-For is believed; none when left out. */
  readonly trustedProxies?: readonly string[];
}

/** The name under which tokens are issued and accepted, and which clients write before a repository's name. */
export function registryHost({ externalUrl }: RegistryConfig): string {
  return new URL(externalUrl).host;
}
