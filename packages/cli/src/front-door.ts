import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { clientAddressReader } from '@escale/server-kit/client-address';
import { createListener } from '@escale/server-kit/listener';
import type { Logger } from '@escale/server-kit/logger';
import type { EscaleConfig } from './config.ts';
import type { RequestCounts, RoomName } from './metrics/request-counts.ts';
import { hostNamesOf, isOwnHost } from './own-host.ts';

/** Who answers what on the one public port; a process of one role has not all of them. */
export interface Rooms {
  readonly registry?: RequestListener;
  readonly api?: RequestListener;
  readonly health: RequestListener;
  /** Only when the demo identity provider is embedded. */
  readonly identityProvider?: { readonly path: string; readonly handler: RequestListener };
  readonly console?: RequestListener;
}

/** The public listener: opened first, so that a taken port is known before anything else starts; filled later. */
export interface FrontDoor {
  readonly server: Server;
  open(rooms: Rooms): void;
  /** Stops listening, lets requests under way end for a while, then cuts them. */
  close(): Promise<void>;
}

/** Milliseconds that requests under way get at the end. */
const drain = 4000;

/**
 * @param counts what comes in, whatever becomes of it
 * @param logger is told of handlers that threw
 * @param rooms when they are known already
 * @throws Error with one line for a person when the port is taken or may not be used
 */
export async function openFrontDoor(
  {
    ESCALE_HOST: host,
    ESCALE_PORT: port,
    ESCALE_TRUSTED_PROXIES: proxies = [],
    ESCALE_CONNECTIONS: connections,
    externalUrl,
    alsoKnownAs,
  }: Pick<
    EscaleConfig,
    'ESCALE_HOST' | 'ESCALE_PORT' | 'ESCALE_TRUSTED_PROXIES' | 'ESCALE_CONNECTIONS' | 'externalUrl' | 'alsoKnownAs'
  >,
  counts: RequestCounts,
  logger: Pick<Logger, 'error'>,
  rooms?: Rooms,
): Promise<FrontDoor> {
  const { protocol } = new URL(externalUrl);
  const ownNames = hostNamesOf([externalUrl, ...alsoKnownAs]);
  const answer: RequestListener = (request, response) => {
    const { url = '/', headers } = request;
    const room = roomOf(url, rooms);
    counts.watch(room, request, response);
    // Probes ask by whatever name they have; what they are told names no address.
    if (room !== 'health' && !isOwnHost(headers.host, ownNames)) refuseHost(response, externalUrl);
    else if (rooms) handlerOf(rooms, room)(request, response);
    else starting(request, response);
  };
  const server = createListener(answer, {
    overTls: protocol === 'https:',
    clientAddress: clientAddressReader(proxies),
    onFailure: (error) => {
      logger.error({ err: error }, 'a request failed outside of its handler');
    },
    limits: { connections },
  });
  await listen(server, host, port);
  return {
    server,
    open: (filled) => {
      rooms = filled;
    },
    close: () => close(server),
  };
}

function roomOf(url: string, rooms: Rooms | undefined): RoomName {
  if (url === '/v2' || url.startsWith('/v2/') || url.startsWith('/v2?')) return 'registry';
  if (url === '/graphql' || url.startsWith('/graphql?') || url.startsWith('/graphql/') || url.startsWith('/auth/'))
    return 'api';
  if (/^\/health\/(?:live|ready)(?:\?|$)/.test(url)) return 'health';
  if (rooms?.identityProvider && url.startsWith(`${rooms.identityProvider.path}/`)) return 'identity-provider';
  return 'console';
}

function handlerOf(rooms: Rooms, room: RoomName): RequestListener {
  const handler = room === 'identity-provider' ? rooms.identityProvider?.handler : rooms[room];
  return handler ?? elsewhere;
}

/** A request that another role's process is there for. */
function elsewhere(_request: IncomingMessage, response: ServerResponse): void {
  const message = 'this process does not serve this address: the proxy before it must send it to the other role';
  response.writeHead(404, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code: 'NOT_FOUND', message }] }));
}

/**
 * In the form of the registry's errors, which clients show; the name that was asked for is not repeated. An answer to HEAD has
 * no body, so the reason is in a header as well, which some clients print.
 */
function refuseHost(response: ServerResponse, externalUrl: string): void {
  const message =
    `this installation answers at ${externalUrl} (ESCALE_EXTERNAL_URL), and not by the name that was asked for; ` +
    'its operator can add that name to ESCALE_ALSO_KNOWN_AS';
  response.writeHead(400, {
    'Content-Type': 'application/json',
    Warning: `299 - "${message}"`,
    Connection: 'close',
  });
  response.end(JSON.stringify({ errors: [{ code: 'UNSUPPORTED', message }] }));
}

function starting({ url = '' }: IncomingMessage, response: ServerResponse): void {
  const live = url.split('?', 1)[0] === '/health/live';
  response.writeHead(live ? 200 : 503, {
    'Content-Type': 'application/json',
    'Retry-After': '2',
    'Cache-Control': 'no-store',
  });
  response.end(JSON.stringify({ status: live ? 'ok' : 'starting', checks: {} }));
}

/** Listens, or says in one line why not. */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const place = `${host}:${String(port)}`;
      const words: Record<string, string> = {
        EADDRINUSE: `port ${place} is in use by another program; stop it or choose another with --port`,
        EACCES: `port ${place} may not be used by this user; choose one above 1023 with --port`,
        EADDRNOTAVAIL: `this machine has no address ${host}; set ESCALE_HOST to one that it has`,
      };
      reject(new Error(words[error.code ?? ''] ?? `cannot listen on ${place}: ${error.message}`, { cause: error }));
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.closeAllConnections();
    }, drain);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
