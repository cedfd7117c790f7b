import Koa from 'koa';
import { HotReads } from '@escale/domain/content';
import { as } from '@escale/domain/context';
import { DomainError, withAddress } from '@escale/domain/errors';
import { dropIfProvisional } from '@escale/domain/repositories';
import { defaultUploadLimits, UploadWriters } from '@escale/domain/uploads';
import { PullLog } from '@escale/domain/usage-logs';
import { BodyMemory } from '@escale/server-kit/body-memory';
import { clientAddressReader } from '@escale/server-kit/client-address';
import { closeIfUnread } from '@escale/server-kit/close-unread';
import { accessLog, requestId } from '@escale/server-kit/middleware';
import { admit, type Admitted } from './auth/admit.ts';
import { challenge } from './auth/challenge.ts';
import { FailedAttempts } from './auth/failed-attempts.ts';
import { registryHost } from './config.ts';
import { writeError } from './error-response.ts';
import { endpoints, type Need } from './routing/endpoints.ts';
import type { Exchange } from './routing/exchange.ts';
import { checkMirrorNamespace } from './routing/mirror-namespace.ts';
import { OwnOrigins } from './routing/own-origins.ts';
import { parseRequest, type RegistryRequest } from './routing/parse-request.ts';
import { warnOfExpiry } from './routing/warnings.ts';
import { refuseWithoutNamespace } from './routing/without-namespace.ts';
import type { RegistryParts, Services } from './services.ts';
import { VerifiedTokens } from './token/registry-token.ts';
import { SigningKeys } from './token/signing-keys.ts';
import { RecentConfigs } from './uploads/recent-configs.ts';

export type { Counters, GarbageResult } from './counters.ts';
export type { RegistryParts };

/** The registry as a Koa application, and what must happen before its process ends. */
export interface RegistryApp {
  readonly koa: Koa;
  /** Writes what is still in memory (pulls not yet logged). */
  close(): Promise<void>;
}

export function createApp(parts: RegistryParts): RegistryApp {
  const services: Services = {
    ...parts,
    ownOrigins: new OwnOrigins(parts.config),
    recentConfigs: new RecentConfigs(),
    bodyMemory: parts.bodyMemory ?? new BodyMemory(),
    uploadWriters: new UploadWriters(parts.orm),
    uploadLimits: parts.uploadLimits ?? defaultUploadLimits,
    clientAddress: clientAddressReader(parts.config.trustedProxies ?? []),
    signingKeys: new SigningKeys(parts.reads ?? parts.orm, parts.vault),
    verifiedTokens: new VerifiedTokens(),
    failedAttempts: new FailedAttempts(parts.processes),
    hotReads: new HotReads(parts.reads ?? parts.orm),
    pullLog: new PullLog(parts.orm, (error) => {
      parts.logger.error({ err: error }, 'pulls could not be written to the usage log; they are kept for the next try');
    }),
  };
  const koa = new Koa();
  // Errors of streams whose client went away are not news; what matters is logged by `answer`.
  koa.silent = true;
  koa.use(requestId());
  koa.use(accessLog(parts.logger));
  koa.use((http) => answer(services, http));
  return { koa, close: () => close(services) };
}

async function close({ pullLog, uploadWriters }: Services): Promise<void> {
  await Promise.all([pullLog.close(), uploadWriters.close()]);
}

/** One request: understand it, learn who calls, check what it needs, let its handler answer. */
async function answer(services: Services, http: Koa.Context): Promise<void> {
  const { logger, config, ownOrigins } = services;
  let request: RegistryRequest | undefined;
  let needs: Need = 'nothing';
  let admitted: Admitted | undefined;
  http.set('Docker-Distribution-API-Version', 'registry/2.0');
  try {
    const { path, query } = split(http.req.url ?? '/');
    checkMirrorNamespace(http, path, query, ownOrigins);
    const parsed = parseRequest(http.method, path, query);
    if (parsed.kind === 'withoutNamespace') return await refuseWithoutNamespace(services, http, parsed);
    request = parsed;
    needs = endpoints[request.kind].needs;
    admitted = await admit(services, http, request, needs);
    warnOfExpiry(http, admitted.ctx.principal, admitted.ctx.now);
    await dispatch({ ...admitted, request, services, http, query });
  } catch (error) {
    if (admitted) await takeBack(services, admitted);
    if (clientGone(http, error)) return;
    if (!writeError(http, withAddress(error, config.externalUrl))) {
      logger.error({ err: error, path: http.path, method: http.method, ...http.state }, 'unforeseen error');
    }
    if (http.status === 401) {
      const realm = `${ownOrigins.forHost(http.headers.host)}/v2/auth`;
      http.set('WWW-Authenticate', challenge({ realm, service: registryHost(config) }, request, needs, errorOf(error)));
    }
    closeIfUnread(http.req, http.res);
  }
}

/** Removes a repository that a push has made before it was refused. What fails here is left to the job `purge-uploads`. */
async function takeBack({ logger }: Services, { ctx }: Admitted): Promise<void> {
  if (ctx.made === undefined) return;
  await dropIfProvisional(as(ctx, ctx.principal), ctx.made).catch((error: unknown) => {
    logger.warn({ err: error, repository: ctx.made }, 'an empty repository of a refused push could not be removed yet');
  });
}

async function dispatch(exchange: Exchange<RegistryRequest> & Admitted): Promise<void> {
  // The table's rows are checked one by one against their kinds; here the kinds are joined again.
  const handle = endpoints[exchange.request.kind].handle as (exchange: unknown) => Promise<void> | void;
  await handle(exchange);
}

/** Handlers only read it. */
const noQuery = new URLSearchParams();

/** The path as it came, without decoding or normalizing. */
function split(url: string): { path: string; query: URLSearchParams } {
  const mark = url.indexOf('?');
  return mark < 0
    ? { path: url, query: noQuery }
    : { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}

function errorOf(error: unknown): string | undefined {
  const said = error instanceof DomainError ? error.detail?.['error'] : undefined;
  return typeof said === 'string' ? said : undefined;
}

const goneCodes: readonly unknown[] = ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'];

/** The client went away before its body had come, or before it had the answer. */
function clientGone({ req, res }: Koa.Context, error: unknown): boolean {
  const isGone = (req.destroyed && !req.complete) || res.destroyed;
  return isGone && goneCodes.includes((error as { code?: unknown } | null)?.code);
}
