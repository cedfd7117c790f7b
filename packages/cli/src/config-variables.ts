import { z } from 'zod';
import { apiConfig } from '@escale/api/config';
import { keyGenerations } from '@escale/domain/credentials';
import { DatabaseUrlInvalid, parseDatabaseUrl, requestTimeouts } from '@escale/schema/orm';
import { clientAddressReader } from '@escale/server-kit/client-address';
import { connectionStringProblem } from './azure-settings.ts';
import { demoCallers } from './embedded/demo-callers.ts';
import { readOrigin } from './own-host.ts';

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
    .describe(
      'Address under which users and clients reach the product. All absolute URLs are made from it: token realm, redirect URIs, docker commands. If unset: `http://localhost:<port>`.',
    ),
  ESCALE_ALSO_KNOWN_AS: z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((name) => name !== ''))
    .refine((names) => names.every((name) => readOrigin(name, 'https:') !== undefined), {
      error: 'must list origins or hosts without paths: https://mirror.example.org registry.escale.svc:8080',
    })
    .optional()
    .describe(
      'Further hosts or origins of this installation, such as `http://registry.escale.svc:8080 mirror.example.org`. Requests to these names are answered, and the token realm uses the name of the request. A host without a scheme has that of the external URL; without a port too, it is also meant with the port of the external URL.',
    ),
  ESCALE_OPERATIONS_PORT: port
    .optional()
    .describe('Port for `/metrics`, on loopback only. If unset: the public port plus one.'),
  ESCALE_DATA_DIR: z
    .string()
    .min(1)
    .default('.escale')
    .describe('Folder for the embedded database, filesystem blobs and generated keys (mode 0600).'),
  ESCALE_DATABASE_URL: databaseUrl
    .optional()
    .describe(
      'Address of a PostgreSQL server, version 14 or later. If unset: the embedded one. Accepts these parameters of libpq: `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `sslpassword`, `application_name`, `options`, `connect_timeout`, `host`.',
    ),
  ESCALE_DATABASE_CA_FILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'PEM file with the CA certificates that are trusted for the database. If set, `sslmode` is `verify-full` unless the URL sets another.',
    ),
  ESCALE_DATABASE_DIRECT_URL: databaseUrl
    .optional()
    .describe(
      'Address of the PostgreSQL server itself. Required when `ESCALE_DATABASE_URL` leads to a pooler in transaction mode, such as PgBouncer. Jobs, migrations, notifications and locks use it.',
    ),
  ESCALE_DATABASE_PREPARED_STATEMENTS: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe(
      'Whether statements are prepared. `auto` prepares them unless a pooler in transaction mode is found. `on` works with PgBouncer if its `max_prepared_statements` is above 0.',
    ),
  ESCALE_DATABASE_CONNECTIONS: z.coerce
    .number()
    .int()
    .min(3)
    .max(500)
    .optional()
    .describe(
      'Maximum number of database connections for requests in one process, divided among the registry, its reads and the API. If unset: 26, or fewer with several workers. Up to nine more serve jobs, locks and health checks.',
    ),
  ESCALE_DATABASE_CONNECT_TIMEOUT_SECONDS: seconds(1, 300)
    .default(requestTimeouts.connect)
    .describe('Seconds that a request waits for a database connection before it is answered with 503.'),
  ESCALE_DATABASE_STATEMENT_TIMEOUT_SECONDS: seconds(0, 86_400)
    .default(requestTimeouts.statement)
    .describe(
      'Seconds that one SQL statement of a request may take; 0 is no limit. Jobs, migrations and commands have no limit.',
    ),
  ESCALE_DATABASE_LOCK_TIMEOUT_SECONDS: seconds(0, 86_400)
    .default(requestTimeouts.lock)
    .describe('Seconds that a statement of a request waits for a lock; 0 is no limit.'),
  ESCALE_DATABASE_IDLE_TRANSACTION_TIMEOUT_SECONDS: seconds(0, 86_400)
    .default(requestTimeouts.idleInTransaction)
    .describe('Seconds that a transaction may stay open between two statements; 0 is no limit.'),
  ESCALE_BLOB_STORE: z
    .enum(['filesystem', 'azurite', 'azure'])
    .optional()
    .describe(
      'Where layers are stored: `filesystem`, `azure`, or `azurite` (embedded, for evaluation). If unset: `azure` when an Azure account is configured, otherwise `filesystem`.',
    ),
  ESCALE_AZURE_ACCOUNT_URL: z
    .url()
    .optional()
    .describe('Address of an Azure Blob Storage account, used with the managed identity of this machine.'),
  AZURE_STORAGE_CONNECTION_STRING: z
    .string()
    .superRefine((text, context) => {
      const message = connectionStringProblem(text);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .optional()
    .describe('Connection string of an Azure Blob Storage account, with its account key.'),
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
    'Seconds within which group changes apply, and within which everything of a user stops who is no longer allowed to sign in at the provider. At most 900.',
  ),
  ESCALE_API_AUDIENCE: apiConfig.shape.ESCALE_API_AUDIENCE.default('escale-api').describe(
    'Audience that a Keycloak bearer token for `/graphql` must carry.',
  ),
  ESCALE_ADMIN_GROUP: apiConfig.shape.ESCALE_ADMIN_GROUP.default('/escale-admins').describe(
    'Members of this Keycloak group are registry administrators.',
  ),
  ESCALE_OIDC_SYNC_CLIENT_ID: apiConfig.shape.ESCALE_OIDC_SYNC_CLIENT_ID.optional().describe(
    'Client id of a Keycloak client whose service account may view users. With it, changed groups and disabled users take effect within a minute, without a browser session.',
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
    .describe('Networks of proxies whose `X-Forwarded-For` header is trusted, such as `10.0.0.0/8 2001:db8::/32`.'),
  ESCALE_CONNECTIONS: z.coerce
    .number()
    .int()
    .min(100)
    .max(1_000_000)
    .default(20_000)
    .describe(
      'Maximum number of client connections in one process. Above it, the address that holds the most loses idle and slow ones.',
    ),
  ESCALE_DEMO_PASSWORD: z
    .string()
    .min(8)
    .optional()
    .describe(
      'Password of the demo users. If unset: a random one, which is kept in the data folder and printed at start.',
    ),
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
      'Networks, besides this machine, whose clients may use the demo identity provider, such as `172.17.0.1` for a published port of a container.',
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
