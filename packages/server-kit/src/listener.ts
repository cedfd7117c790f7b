import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ClientAddressReader } from './client-address.ts';
import { writeRaw, type RawStatus } from './connections/exchange.ts';
import { ConnectionWatch, usualLimits, type ConnectionLimits } from './connections/watch.ts';
import { securityHeaders } from './security-headers.ts';

export type { ConnectionLimits } from './connections/watch.ts';

/** Bytes of a request line; longer ones are nobody's (R4). */
const requestLineLimit = 16 * 1024;

export interface ListenerOptions {
  /** Browsers reach this server by https, whatever ends the encryption before it. */
  readonly overTls?: boolean;
  /** Tells clients apart that come through a trusted proxy; the socket's address when not given. */
  readonly clientAddress?: ClientAddressReader;
  /** Is told of what a handler threw; its request is answered with 500. */
  readonly onFailure?: (error: unknown) => void;
  /** In place of the usual ones. */
  readonly limits?: Partial<ConnectionLimits>;
}

/**
 * A server with the limits that every door of the product has. What could be understood in two ways is refused before anything
 * reads it: two Host headers, a whole address in the request line (R25, T24).
 */
export function createListener(
  handler: RequestListener,
  { overTls = false, clientAddress, onFailure, limits }: ListenerOptions = {},
): Server {
  const headers = securityHeaders(overTls);
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  const bounds = { ...usualLimits, ...limits };
  const server = createServer(
    {
      // Uploads take as long as they take; who stalls is decided by progress, not by Node's five minutes.
      requestTimeout: 0,
      headersTimeout: 15_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5000,
      // Wide enough for a Range header of thousands of parts, which is then refused in words (R24).
      maxHeaderSize: 128 * 1024,
      // Refused below, with the headers of every answer.
      requireHostHeader: false,
    },
    (request, response) => {
      for (const [name, value] of headers) response.setHeader(name, value);
      const status = refusal(request);
      if (status !== undefined) {
        response.writeHead(status, { Connection: 'close', 'Content-Length': 0 }).end();
        return;
      }
      try {
        handler(request, response);
      } catch (error) {
        // What is thrown here would end the process, and with it the requests of everybody.
        onFailure?.(error);
        answerFailed(response);
      }
    },
  );
  server.maxHeadersCount = 100;
  // The watch makes room before this; should it find nothing to give up, the newest connection goes. The margin is for those
  // that it has given up and whose end is not reported yet.
  server.maxConnections = Math.ceil(bounds.connections * 1.1);
  const watch = new ConnectionWatch(server, bounds, { ...(clientAddress && { clientAddress }), headers: lines });
  const looking = setInterval(() => {
    watch.look();
  }, bounds.look);
  looking.unref();
  server.once('close', () => {
    clearInterval(looking);
  });
  server.on('checkExpectation', (_request, response) => {
    for (const [name, value] of headers) response.setHeader(name, value);
    response.writeHead(417, { 'Content-Length': 0 }).end();
  });
  // Without somebody who listens for it, Node would hang up without a word.
  server.on('connect', (_request, socket) => {
    writeRaw(socket as Socket, 405, errorBody('UNSUPPORTED', 'this server is not a proxy'), lines);
    socket.end();
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    answerBroken(error, socket as Socket, watch, lines);
  });
  return server;
}

/** Of what Node's parser cannot read, by its error code; anything else is a 400. */
const broken: Readonly<Record<string, readonly [RawStatus, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'the head of the request is too large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'the chunk extensions of the body are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the head of the request did not come in time'],
};

function answerBroken(
  { code = '' }: NodeJS.ErrnoException,
  socket: Socket,
  watch: ConnectionWatch,
  headers: readonly string[],
): void {
  if (!watch.isAnswering(socket)) {
    const [status, message] = broken[code] ?? [400, 'the request is not HTTP/1.1 that this server understands'];
    writeRaw(socket, status, errorBody('UNSUPPORTED', message), headers);
  }
  socket.destroy();
}

function answerFailed(response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(500, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', Connection: 'close' });
  response.end(errorBody('UNKNOWN', 'something failed on our side; try again'));
}

function errorBody(code: string, message: string): string {
  return JSON.stringify({ errors: [{ code, message }] });
}

function refusal({ url = '', rawHeaders, httpVersion }: IncomingMessage): 400 | 431 | undefined {
  if (url.length > requestLineLimit) return 431;
  if (!url.startsWith('/') && url !== '*') return 400;
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts === 1 || (hosts === 0 && httpVersion === '1.0') ? undefined : 400;
}
