import type { UserPrincipal } from '@escale/domain/access';
import type { HotReads } from '@escale/domain/content';
import type { PullLog } from '@escale/domain/usage-logs';
import type { UploadLimits, UploadWriters } from '@escale/domain/uploads';
import type { Vault } from '@escale/domain/credentials';
import type { Faults } from '@escale/domain/faults';
import type { Orm } from '@escale/schema/orm';
import type { BodyMemory } from '@escale/server-kit/body-memory';
import type { ClientAddressReader } from '@escale/server-kit/client-address';
import type { Logger } from '@escale/server-kit/logger';
import type { FailedAttempts } from './auth/failed-attempts.ts';
import type { RegistryConfig } from './config.ts';
import type { Counters } from './counters.ts';
import type { OwnOrigins } from './routing/own-origins.ts';
import type { BlobStore } from './storage/blob-store.ts';
import type { VerifiedTokens } from './token/registry-token.ts';
import type { SigningKeys } from './token/signing-keys.ts';
import type { RecentConfigs } from './uploads/recent-configs.ts';

/** What the registry is given; only main files make these things. */
export interface RegistryParts {
  readonly config: RegistryConfig;
  readonly orm: Orm;
  /** The same database over connections of their own, for what every pull needs; `orm` when not given. */
  readonly reads?: Orm;
  readonly vault: Vault;
  readonly blobStore: BlobStore;
  readonly logger: Logger;
  /** How many processes share the work of this registry; what each counts for itself, it counts to its share. One when not given. */
  readonly processes?: number;
  /** Of one namespace; the usual ones when not given. */
  readonly uploadLimits?: UploadLimits;
  /** Accepts an access token of the identity provider as password of `$oauthtoken`; absent when there is none. */
  readonly identifyAccessToken?: (token: string) => Promise<UserPrincipal>;
  /** Told what an operator counts; absent where nobody does. */
  readonly counters?: Counters;
  /** What bodies in memory share; one of its own when not given. */
  readonly bodyMemory?: BodyMemory;
  /** Tests alone bring one. */
  readonly faults?: Faults;
}

/** The same with what the registry makes of it for itself. */
export interface Services extends RegistryParts {
  readonly ownOrigins: OwnOrigins;
  readonly signingKeys: SigningKeys;
  readonly verifiedTokens: VerifiedTokens;
  readonly failedAttempts: FailedAttempts;
  readonly hotReads: HotReads;
  readonly pullLog: PullLog;
  readonly recentConfigs: RecentConfigs;
  readonly uploadWriters: UploadWriters;
  readonly uploadLimits: UploadLimits;
  readonly bodyMemory: BodyMemory;
  /** Reads where a request came from: the socket, or what a trusted proxy says. */
  readonly clientAddress: ClientAddressReader;
}
