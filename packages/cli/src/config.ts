import path from 'node:path';
import type { SyncConfig } from '@escale/api/config';
import { parseDatabaseUrl } from '@escale/schema/orm';
import { isPlainUrl } from './azure-settings.ts';
import type { RawConfig } from './config-variables.ts';
import { furtherOrigins, loopbackSiblings } from './own-host.ts';

export { escaleConfig, type RawConfig } from './config-variables.ts';

/** The variables with everything that is derived from them. */
export interface EscaleConfig extends RawConfig {
  /** Origin without a trailing slash. */
  readonly externalUrl: string;
  /** Further origins that are ours: those of ESCALE_ALSO_KNOWN_AS, and the loopback names beside a loopback external URL. */
  readonly alsoKnownAs: readonly string[];
  readonly operationsPort: number;
  readonly dataDir: string;
  readonly blobStore: 'filesystem' | 'azurite' | 'azure';
  /** Absent: the demo identity provider. */
  readonly oidc: { readonly issuer: string; readonly clientId: string; readonly clientSecret: string } | undefined;
  /** Absent: groups are learnt at sign-ins alone. */
  readonly sync: SyncConfig | undefined;
}

/** URLs of others that are no place for secrets: they are logged, and named in errors. */
const plainUrls = ['ESCALE_AZURE_ACCOUNT_URL', 'ESCALE_OIDC_ISSUER', 'ESCALE_OIDC_SYNC_URL'] as const;

/** @throws Error that lists what contradicts each other, one problem a line; none repeats a value */
export function deriveConfig(raw: RawConfig): EscaleConfig {
  const problems: string[] = [];
  for (const name of plainUrls) {
    if (raw[name] !== undefined && !isPlainUrl(raw[name])) {
      problems.push(`${name}: must be an http or https URL without a user name, password, query or fragment`);
    }
  }
  const azure = raw.ESCALE_AZURE_ACCOUNT_URL ?? raw.AZURE_STORAGE_CONNECTION_STRING;
  const blobStore = raw.ESCALE_BLOB_STORE ?? (azure === undefined ? 'filesystem' : 'azure');
  if (blobStore === 'azure' && azure === undefined) {
    problems.push('ESCALE_BLOB_STORE=azure needs ESCALE_AZURE_ACCOUNT_URL or AZURE_STORAGE_CONNECTION_STRING');
  }
  if (raw.ESCALE_DATABASE_URL !== undefined && raw.ESCALE_SECRET_KEY === undefined) {
    problems.push('ESCALE_SECRET_KEY is required with ESCALE_DATABASE_URL: `openssl rand -base64 48` makes one');
  }
  if (raw.ESCALE_DATABASE_DIRECT_URL !== undefined && raw.ESCALE_DATABASE_URL === undefined) {
    problems.push('ESCALE_DATABASE_DIRECT_URL is for a database of ESCALE_DATABASE_URL, which is not set');
  }
  if (raw.ESCALE_DATABASE_CA_FILE !== undefined) {
    try {
      parseDatabaseUrl('postgres://localhost', raw.ESCALE_DATABASE_CA_FILE);
    } catch (error) {
      problems.push(`ESCALE_DATABASE_CA_FILE: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const { ESCALE_OIDC_ISSUER: issuer, ESCALE_OIDC_CLIENT_ID: clientId, ESCALE_OIDC_CLIENT_SECRET: clientSecret } = raw;
  const oidc = issuer !== undefined && clientId !== undefined && clientSecret !== undefined;
  if (!oidc && (issuer ?? clientId ?? clientSecret) !== undefined) {
    problems.push('ESCALE_OIDC_ISSUER, ESCALE_OIDC_CLIENT_ID and ESCALE_OIDC_CLIENT_SECRET belong together');
  }
  const { ESCALE_OIDC_SYNC_CLIENT_ID: syncId, ESCALE_OIDC_SYNC_CLIENT_SECRET: syncSecret } = raw;
  const sync = syncId !== undefined && syncSecret !== undefined;
  if (!sync && (syncId ?? syncSecret ?? raw.ESCALE_OIDC_SYNC_URL) !== undefined) {
    problems.push(
      'ESCALE_OIDC_SYNC_CLIENT_ID and ESCALE_OIDC_SYNC_CLIENT_SECRET belong together, and ESCALE_OIDC_SYNC_URL to both',
    );
  }
  if (sync && !/\/realms\/[^/]+\/?$/.test(issuer ?? '')) {
    problems.push(
      'ESCALE_OIDC_SYNC_CLIENT_ID is for a Keycloak realm: ESCALE_OIDC_ISSUER=https://id.example.org/realms/escale',
    );
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const { origin: externalUrl } = new URL(raw.ESCALE_EXTERNAL_URL ?? `http://localhost:${String(raw.ESCALE_PORT)}`);
  const further = (raw.ESCALE_ALSO_KNOWN_AS ?? []).flatMap((name) => furtherOrigins(name, externalUrl));
  return {
    ...raw,
    externalUrl,
    alsoKnownAs: [...further, ...loopbackSiblings(externalUrl)],
    operationsPort: raw.ESCALE_OPERATIONS_PORT ?? raw.ESCALE_PORT + 1,
    dataDir: path.resolve(raw.ESCALE_DATA_DIR),
    blobStore,
    oidc: oidc ? { issuer: issuer.replace(/\/+$/, ''), clientId, clientSecret } : undefined,
    sync: sync
      ? {
          clientId: syncId,
          clientSecret: syncSecret,
          ...(raw.ESCALE_OIDC_SYNC_URL !== undefined && { url: raw.ESCALE_OIDC_SYNC_URL.replace(/\/+$/, '') }),
        }
      : undefined,
  };
}
