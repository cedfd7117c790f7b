import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { dropSlowClients } from './slow-clients.ts';

/** Bytes of a request line; longer ones are nobody's (R4). */
const requestLineLimit = 16 * 1024;

/**
 * A server with the limits that every door of the product has. What could be understood in two ways is refused before anything
 * reads it: two Host headers, a whole address in the request line (R25, T24).
 */
export function createListener(handler: RequestListener): Server {
  const server = createServer(
    {
      // Uploads take as long as they take; what is too slow is decided by throughput, not by Node's five minutes.
      requestTimeout: 0,
      headersTimeout: 15_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5000,
      // Wide enough for a Range header of thousands of parts, which is then refused in words (R24).
      maxHeaderSize: 128 * 1024,
    },
    (request, response) => {
      const status = refusal(request);
      if (status === undefined) handler(request, response);
      else response.writeHead(status, { Connection: 'close', 'Content-Length': 0 }).end();
    },
  );
  server.maxHeadersCount = 100;
  dropSlowClients(server);
  // Without somebody who listens for it, Node would hang up without a word.
  server.on('connect', (_request, socket) => {
    const body = '{"errors":[{"code":"UNSUPPORTED","message":"this is no proxy"}]}';
    const head = ['HTTP/1.1 405 Method Not Allowed', 'Connection: close', 'Content-Type: application/json'];
    socket.end(`${[...head, `Content-Length: ${String(body.length)}`].join('\r\n')}\r\n\r\n${body}`);
  });
  return server;
}

function refusal({ url = '', rawHeaders }: IncomingMessage): 400 | 431 | undefined {
  if (url.length > requestLineLimit) return 431;
  if (!url.startsWith('/') && url !== '*') return 400;
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1 ? 400 : undefined;
}
