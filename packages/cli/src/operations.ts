import { createServer, type Server } from 'node:http';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { listen } from './front-door.ts';

/** `/metrics` on a loopback port of its own: never on the public one (T48). */
export async function startOperations(port: number): Promise<Server> {
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics, prefix: 'escale_' });
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    void metrics.metrics().then((text) => response.writeHead(200, { 'Content-Type': metrics.contentType }).end(text));
  });
  server.unref();
  await listen(server, '127.0.0.1', port);
  return server;
}
