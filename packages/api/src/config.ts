import { z } from 'zod';

/** What the management API reads of the configuration. */
export const apiConfig = z.object({
  ESCALE_EXTERNAL_URL: z.url(),
  ESCALE_OIDC_ISSUER: z.url().describe('a Keycloak realm: https://id.example.org/realms/escale'),
  ESCALE_OIDC_CLIENT_ID: z.string().min(1),
  ESCALE_OIDC_CLIENT_SECRET: z.string().min(1),
  ESCALE_OIDC_NAME: z.string().min(1),
  ESCALE_OIDC_REFRESH_SECONDS: z.coerce.number().int().min(1).max(900),
  ESCALE_API_AUDIENCE: z.string().min(1),
  ESCALE_ADMIN_GROUP: z.string().min(1),
  ESCALE_OIDC_SYNC_CLIENT_ID: z.string().min(1),
  ESCALE_OIDC_SYNC_CLIENT_SECRET: z.string().min(1),
  ESCALE_OIDC_SYNC_URL: z.url(),
  ESCALE_REVEAL_TOKENS: z.stringbool(),
  ESCALE_UNDO_DAYS: z.coerce.number().min(0).max(365),
});

/** With what Keycloak's admin API is asked about people and groups. */
export interface SyncConfig {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Of the realm, without a trailing slash: `https://id.example.org/admin/realms/escale`. Follows from the issuer when left out. */
  readonly url?: string;
}

/** The same in our own words. */
export interface ApiConfig {
  /** Without a trailing slash. */
  readonly externalUrl: string;
  readonly version: string;
  readonly oidc: {
    readonly issuer: string;
    readonly clientId: string;
    readonly clientSecret: string;
    /** How the sign-in button calls the provider. */
    readonly name: string;
    /** How often the provider is asked again about everybody who is signed in. */
    readonly refreshSeconds: number;
  };
  /** Which audience a Keycloak bearer must carry. */
  readonly apiAudience: string;
  /** Members are registry administrators; the full path of a group. */
  readonly adminGroup: string;
  /** Whether tokens are kept in a sealed copy, to be shown again. */
  readonly revealTokens: boolean;
  /** For how long a deleted repository or organization can be restored. */
  readonly undoSeconds: number;
  /** Networks (CIDR) of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
}
