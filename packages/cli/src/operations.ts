import { createServer, type Server } from 'node:http';
import { listen } from './front-door.ts';
import { contentType, type AllProcesses } from './metrics/all-processes.ts';

/** `/metrics` on a loopback port of its own: never on the public one (T48). */
export async function startOperations(port: number, metrics: AllProcesses): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    metrics.text().then(
      (text) => response.writeHead(200, { 'Content-Type': contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.unref();
  await listen(server, '127.0.0.1', port);
  return server;
}
