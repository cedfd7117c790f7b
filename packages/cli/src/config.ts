import path from 'node:path';
import { z } from 'zod';
import { apiConfig, type SyncConfig } from '@escale/api/config';
import { keyGenerations } from '@escale/domain/credentials';
import { DatabaseUrlInvalid, parseDatabaseUrl, requestTimeouts } from '@escale/schema/orm';
import { clientAddressReader } from '@escale/server-kit/client-address';
import { demoCallers } from './embedded/demo-callers.ts';
import { connectionStringProblem, isPlainUrl } from './azure-settings.ts';
import { loopbackSiblings, readOrigin } from './own-host.ts';

const port = z.coerce.number().int().min(1).max(65_535);
const seconds = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

/** Checked as far as it can be without connecting; what is wrong with it is said without any of its secrets. */
const databaseUrl = z.string().superRefine((url, context) => {
  try {
    parseDatabaseUrl(url);
  } catch (error) {
    if (!(error instanceof DatabaseUrlInvalid)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
});

/** Every environment variable of the product, read once. Command line flags override them. */
export const escaleConfig = z.object({
  ESCALE_HOST: z.string().min(1).default('127.0.0.1').describe('Network interface that the public port listens on.'),
  ESCALE_PORT: port.default(8080).describe('Public port.'),
  ESCALE_EXTERNAL_URL: z
    .string()
    .refine((text) => readOrigin(text, '') !== undefined, {
      error:
        'must be an origin such as https://registry.example.org, without a path, query or user name: image references begin ' +
        'with a host, so the registry needs a host name of its own',
    })
    .optional()
    .describe('the only source of absolute URLs (token realm, redirect URIs, docker commands)'),
  ESCALE_ALSO_KNOWN_AS: z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((name) => name !== ''))
    .refine((names) => names.every((name) => readOrigin(name, 'https:') !== undefined), {
      error: 'must list origins or hosts without paths: https://mirror.example.org registry.escale.svc:8080',
    })
    .optional()
    .describe(
      'further hosts or origins that are ours: requests by these names are answered, and the token realm uses them; ' +
        'a host alone has the scheme of the external URL: `http://registry.escale.svc:8080 mirror.example.org`',
    ),
  ESCALE_OPERATIONS_PORT: port.optional().describe('`/metrics`, on loopback; never on the public port'),
  ESCALE_DATA_DIR: z
    .string()
    .min(1)
    .default('.escale')
    .describe('embedded database, filesystem blobs, generated keys (0600)'),
  ESCALE_DATABASE_URL: databaseUrl
    .optional()
    .describe(
      'any PostgreSQL >= 14; the embedded one when not set. Query parameters as libpq has them: `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `sslpassword`, `application_name`, `options`, `connect_timeout`, `host`',
    ),
  ESCALE_DATABASE_CA_FILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'PEM file of the CAs that the certificate of the database may come from; then `sslmode` is `verify-full` unless the URL says otherwise',
    ),
  ESCALE_DATABASE_DIRECT_URL: databaseUrl
    .optional()
    .describe(
      'the PostgreSQL server itself, where ESCALE_DATABASE_URL leads to a pooler in transaction mode (PgBouncer): for jobs, migrations, notifications and locks',
    ),
  ESCALE_DATABASE_PREPARED_STATEMENTS: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe(
      '`auto`: unless a pooler in transaction mode is found. `on` suits PgBouncer with `max_prepared_statements` above 0',
    ),
  ESCALE_DATABASE_CONNECTIONS: z.coerce
    .number()
    .int()
    .min(3)
    .max(500)
    .optional()
    .describe(
      'connections that one process uses for requests at most, shared out to the registry, its reads and the API; 26, or fewer with several workers. Up to nine more serve jobs, locks and health',
    ),
  ESCALE_DATABASE_CONNECT_TIMEOUT_SECONDS: seconds(1, 300)
    .default(requestTimeouts.connect)
    .describe('how long a request waits for a database connection before it is answered 503'),
  ESCALE_DATABASE_STATEMENT_TIMEOUT_SECONDS: seconds(0, 86_400)
    .default(requestTimeouts.statement)
    .describe('how long a statement of a request may take; 0: for ever. Jobs, migrations and commands have no limit'),
  ESCALE_DATABASE_LOCK_TIMEOUT_SECONDS: seconds(0, 86_400)
    .default(requestTimeouts.lock)
    .describe('how long a statement of a request waits for a lock; 0: for ever'),
  ESCALE_DATABASE_IDLE_TRANSACTION_TIMEOUT_SECONDS: seconds(0, 86_400)
    .default(requestTimeouts.idleInTransaction)
    .describe('how long a transaction may stay open between two statements; 0: for ever'),
  ESCALE_BLOB_STORE: z
    .enum(['filesystem', 'azurite', 'azure'])
    .optional()
    .describe('`filesystem`, `azurite` (embedded, for evaluation) or `azure`'),
  ESCALE_AZURE_ACCOUNT_URL: z.url().optional().describe('Azure Blob Storage with the managed identity of this machine'),
  AZURE_STORAGE_CONNECTION_STRING: z
    .string()
    .superRefine((text, context) => {
      const message = connectionStringProblem(text);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .optional()
    .describe('Azure Blob Storage with an account key'),
  ESCALE_AZURE_CONTAINER: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]$/)
    .default('escale')
    .describe('Azure container that holds the layers.'),
  ESCALE_OIDC_ISSUER: apiConfig.shape.ESCALE_OIDC_ISSUER.optional().describe(
    'Address of a Keycloak realm, such as `https://id.example.org/realms/escale`. If unset: the demo identity provider.',
  ),
  ESCALE_OIDC_CLIENT_ID: apiConfig.shape.ESCALE_OIDC_CLIENT_ID.optional().describe(
    'Client id of this product at the identity provider.',
  ),
  ESCALE_OIDC_CLIENT_SECRET: apiConfig.shape.ESCALE_OIDC_CLIENT_SECRET.optional().describe('Secret of that client.'),
  ESCALE_OIDC_NAME: apiConfig.shape.ESCALE_OIDC_NAME.default('Keycloak').describe(
    'Name of the identity provider on the sign-in button.',
  ),
  ESCALE_OIDC_REFRESH_SECONDS: apiConfig.shape.ESCALE_OIDC_REFRESH_SECONDS.default(600).describe(
    'seconds within which everything of a person stops whom the provider no longer lets sign in, and groups are followed; at most 900',
  ),
  ESCALE_API_AUDIENCE: apiConfig.shape.ESCALE_API_AUDIENCE.default('escale-api').describe(
    'Audience that a Keycloak bearer token for `/graphql` must carry.',
  ),
  ESCALE_ADMIN_GROUP: apiConfig.shape.ESCALE_ADMIN_GROUP.default('/escale-admins').describe(
    'Members of this Keycloak group are registry administrators.',
  ),
  ESCALE_OIDC_SYNC_CLIENT_ID: apiConfig.shape.ESCALE_OIDC_SYNC_CLIENT_ID.optional().describe(
    'a Keycloak client whose service account may view users: groups and disabled users take effect within a minute, without a session',
  ),
  ESCALE_OIDC_SYNC_CLIENT_SECRET:
    apiConfig.shape.ESCALE_OIDC_SYNC_CLIENT_SECRET.optional().describe('Secret of that client.'),
  ESCALE_OIDC_SYNC_URL: apiConfig.shape.ESCALE_OIDC_SYNC_URL.optional().describe(
    'Address of the admin API of the realm, if it is not `<base>/admin/realms/<realm>` next to the issuer.',
  ),
  ESCALE_SECRET_KEY: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe(
      'Key for sealing stored tokens and for the HMACs that recognize them. If unset: generated into the data folder. Required when the database is external.',
    ),
  ESCALE_SECRET_KEY_PREVIOUS: z
    .string()
    .transform((text) => text.split(/\s+/).filter((key) => key !== ''))
    .refine((keys) => keys.length < keyGenerations, 'holds at most two former keys')
    .refine((keys) => keys.every((key) => key.length >= 32), 'each key must have at least 32 characters')
    .optional()
    .describe('Former secret keys while the key is being changed, latest first, separated by spaces.'),
  ESCALE_TRUSTED_PROXIES: z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((network) => network !== ''))
    .superRefine((networks, context) => {
      try {
        clientAddressReader(networks);
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'names no networks' });
      }
    })
    .optional()
    .describe('networks of proxies whose `X-Forwarded-For` is believed: `10.0.0.0/8 2001:db8::/32`'),
  ESCALE_CONNECTIONS: z.coerce
    .number()
    .int()
    .min(100)
    .max(1_000_000)
    .default(20_000)
    .describe(
      'client connections that a process keeps at once; above it, the address with the most loses idle and slow ones',
    ),
  ESCALE_DEMO_PASSWORD: z
    .string()
    .min(8)
    .optional()
    .describe('password of the demo users; random, kept in the data folder and printed at start'),
  ESCALE_DEMO_NETWORKS: z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((network) => network !== ''))
    .superRefine((networks, context) => {
      try {
        demoCallers(networks);
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'names no networks' });
      }
    })
    .optional()
    .describe(
      'networks, beside this machine, whose clients may use the demo identity provider: `172.17.0.1` for a published port of a container',
    ),
  ESCALE_REVEAL_TOKENS: apiConfig.shape.ESCALE_REVEAL_TOKENS.default(true).describe(
    'Whether tokens can be shown again. `false` shows a token once and wipes the sealed copies.',
  ),
  ESCALE_WORKERS: z.coerce
    .number()
    .int()
    .min(1)
    .max(6)
    .default(1)
    .describe('Number of processes that answer requests. One per processor is enough.'),
  ESCALE_UNDO_DAYS: apiConfig.shape.ESCALE_UNDO_DAYS.default(7).describe(
    'Days for which a deleted repository or organization can be restored.',
  ),
  ESCALE_UPLOAD_SESSIONS: z.coerce
    .number()
    .int()
    .min(1)
    .default(100)
    .describe('Number of unfinished uploads that one namespace may have at a time.'),
  ESCALE_UPLOAD_STAGED_GIB: z.coerce
    .number()
    .positive()
    .default(200)
    .describe('GiB that the unfinished uploads of one namespace may occupy together.'),
  ESCALE_LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('Lowest level that is logged, as JSON lines on standard error.'),
});

export type RawConfig = z.infer<typeof escaleConfig>;

/** The same with everything derived that follows from something else. */
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
  const { origin: externalUrl, protocol } = new URL(
    raw.ESCALE_EXTERNAL_URL ?? `http://localhost:${String(raw.ESCALE_PORT)}`,
  );
  const further = (raw.ESCALE_ALSO_KNOWN_AS ?? []).flatMap((name) => readOrigin(name, protocol) ?? []);
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
