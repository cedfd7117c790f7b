import type { Vault } from '@escale/domain/credentials';
import type { Directory } from '@escale/domain/groups';
import type { Orm } from '@escale/schema/orm';
import type { BodyMemory } from '@escale/server-kit/body-memory';
import type { ClientAddressReader } from '@escale/server-kit/client-address';
import type { Logger } from '@escale/server-kit/logger';
import type { RepeatedWarning } from '@escale/server-kit/repeated-warning';
import type { ApiConfig } from './config.ts';
import type { KeycloakBearers } from './auth/keycloak.ts';
import type { OpenIdProvider } from './auth/openid-provider.ts';
import type { LiveEvents } from './subscriptions/live-events.ts';
import type { StreamQuotas } from './subscriptions/stream-quotas.ts';
import type { ExportWriter } from './usage-logs/export-writer.ts';

/** What the API is given; only main files make these things. */
export interface ApiParts {
  readonly config: ApiConfig;
  readonly orm: Orm;
  readonly vault: Vault;
  readonly logger: Logger;
  /** Absent where the identity provider does not let itself be asked about people who have not signed in. */
  readonly directory?: Directory;
  /** Documents that the console of this build sends by their ids. */
  readonly trustedDocuments?: ReadonlyMap<string, string>;
  /** Reaches the identity provider; an embedded one is this process itself and is not to be reached by its public address. */
  readonly fetch?: typeof globalThis.fetch;
  /** What bodies in memory share; one of its own when not given. */
  readonly bodyMemory?: BodyMemory;
}

export interface Services extends ApiParts {
  readonly provider: OpenIdProvider;
  readonly bearers: KeycloakBearers;
  /** Reads where a request came from: the socket, or what a trusted proxy says. */
  readonly clientAddress: ClientAddressReader;
  readonly bodyMemory: BodyMemory;
  readonly exports: ExportWriter;
  readonly liveEvents: LiveEvents;
  readonly streamQuotas: StreamQuotas;
  readonly refusedLogouts: RepeatedWarning;
  readonly failedSignIns: RepeatedWarning;
}
