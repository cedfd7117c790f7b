import { request as requestInside } from 'node:http';
import { createServer } from 'node:https';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { selfSigned, type Certificate } from './self-signed.ts';

export interface TlsProxy extends AsyncDisposable {
  /** `https://localhost:<port>`. */
  readonly url: string;
  /** Where requests go from now on. */
  leadTo(port: number): void;
}

/**
 * A proxy at which TLS ends, as operators put one before the product. This process trusts its certificate from then on.
 * @param headers that it adds to each request
 */
export async function startTlsProxy(headers: Readonly<Record<string, string>> = {}): Promise<TlsProxy> {
  const { key, cert } = trusted();
  let port = 0;
  const server = createServer({ key, cert }, (request, response) => {
    const inside = requestInside(
      {
        host: '127.0.0.1',
        port,
        method: request.method,
        path: request.url,
        headers: { ...request.headers, ...headers },
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(response);
      },
    );
    inside.on('error', () => {
      response.writeHead(502).end();
    });
    request.pipe(inside);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('the proxy has no address');
  return {
    url: `https://localhost:${String(address.port)}`,
    leadTo: (target) => {
      port = target;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

let certificate: Certificate | undefined;

/** One for all proxies of this process, which trusts it. */
function trusted(): Certificate {
  if (certificate) return certificate;
  certificate = selfSigned();
  setDefaultCACertificates([...getCACertificates('default'), certificate.cert]);
  return certificate;
}
