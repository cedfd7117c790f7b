import Koa from 'koa';
import { checkAction, requireAction, type AccessibleRepository } from '@escale/domain/access';
import type { Context } from '@escale/domain/context';
import { DomainError, unauthorized } from '@escale/domain/errors';
import { repositoryForPush } from '@escale/domain/repositories';
import { PullLog } from '@escale/domain/usage-logs';
import { accessLog, requestId } from '@escale/server-kit/middleware';
import { challenge } from './auth/challenge.ts';
import { identify } from './auth/identify.ts';
import { writeError } from './error-response.ts';
import { endpoints, type Need } from './routing/endpoints.ts';
import type { Exchange } from './routing/exchange.ts';
import { parseRequest, type RegistryRequest } from './routing/parse-request.ts';
import type { RegistryParts, Services } from './services.ts';
import { SigningKeys } from './token/signing-keys.ts';

/** The registry as a Koa application, and what must happen before its process ends. */
export interface RegistryApp {
  readonly koa: Koa;
  /** Writes what is still in memory (pulls not yet logged). */
  close(): Promise<void>;
}

export function createApp(parts: RegistryParts): RegistryApp {
  const services: Services = {
    ...parts,
    signingKeys: new SigningKeys(parts.orm, parts.vault),
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
  return { koa, close: () => services.pullLog.close() };
}

/** One request: understand it, learn who calls, check what it needs, let its handler answer. */
async function answer(services: Services, http: Koa.Context): Promise<void> {
  const { logger, config } = services;
  let request: RegistryRequest | undefined;
  let needs: Need = 'nothing';
  http.set('Docker-Distribution-API-Version', 'registry/2.0');
  http.set('X-Content-Type-Options', 'nosniff');
  try {
    const { path, query } = split(http.req.url ?? '/');
    request = parseRequest(http.method, path, query);
    needs = endpoints[request.kind].needs;
    const { ctx, proven } = await contextOf(services, http, request);
    if (needs === 'someone' && !proven) throw unauthorized('authentication is required');
    const repository = await repositoryOf(ctx, request, needs);
    await dispatch({ ctx, request, services, http, query, repository });
  } catch (error) {
    if (clientGone(http, error)) return;
    if (!writeError(http, error)) {
      logger.error({ err: error, path: http.path, method: http.method, ...http.state }, 'unforeseen error');
    }
    if (http.status === 401) http.set('WWW-Authenticate', challenge(config, request, needs, errorOf(error)));
    closeIfUnread(http);
  }
}

/** Who calls. The token service reads credentials itself: it takes them in more forms. */
async function contextOf(
  services: Services,
  http: Koa.Context,
  request: RegistryRequest,
): Promise<{ ctx: Context; proven: boolean }> {
  const userAgent = http.get('User-Agent');
  const auth = {
    em: services.orm.em.fork(),
    vault: services.vault,
    now: new Date(),
    ...(services.faults && { faults: services.faults }),
    client: {
      ...(http.req.socket.remoteAddress !== undefined && { address: http.req.socket.remoteAddress }),
      ...(userAgent && { userAgent }),
    },
  };
  const header = request.kind === 'token' ? undefined : http.headers.authorization;
  const { principal, by } = await identify(services, auth, header);
  return { ctx: { ...auth, principal }, proven: by !== 'nothing' };
}

/** The repository that a request names, once the caller is known to have what the endpoint needs there. */
async function repositoryOf(
  ctx: Context,
  request: RegistryRequest,
  needs: Need,
): Promise<AccessibleRepository | undefined> {
  if (!('repository' in request)) return undefined;
  if (needs === 'create') return repositoryForPush(ctx, request.repository);
  if (needs === 'pull' || needs === 'push' || needs === 'delete') return requireAction(ctx, request.repository, needs);
  // A row of the table that names a repository and needs nothing on it does not exist; refuse rather than guess.
  await checkAction(ctx, request.repository, undefined, 'push');
  return undefined;
}

async function dispatch(
  exchange: Exchange<RegistryRequest> & { repository: AccessibleRepository | undefined },
): Promise<void> {
  // The table's rows are checked one by one against their kinds; here the kinds are joined again.
  const handle = endpoints[exchange.request.kind].handle as (exchange: unknown) => Promise<void> | void;
  await handle(exchange);
}

/** The path as it came, without decoding or normalizing. */
function split(url: string): { path: string; query: URLSearchParams } {
  const mark = url.indexOf('?');
  return mark < 0
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}

function errorOf(error: unknown): string | undefined {
  const said = error instanceof DomainError ? error.detail?.['error'] : undefined;
  return typeof said === 'string' ? said : undefined;
}

function clientGone(http: Koa.Context, error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return http.req.destroyed && !http.req.complete && (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE');
}

/** A refused body is not read to its end: the connection is given up instead (R10). */
function closeIfUnread(http: Koa.Context): void {
  if (!http.req.complete && http.method !== 'GET' && http.method !== 'HEAD') http.set('Connection', 'close');
}
