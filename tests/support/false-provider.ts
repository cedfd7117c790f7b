import { createServer } from 'node:http';

/** In what a provider differs from the true one behind it. */
export interface Falsehood {
  /** Its clock goes ahead of ours by these seconds. */
  readonly clockSeconds?: number;
  /** What its metadata says otherwise. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** What it answers, as JSON, to who asks for its keys. */
  readonly keys?: unknown;
}

export interface FalseProvider extends AsyncDisposable {
  readonly issuer: string;
}

/** An identity provider that leads to a true one, and says something wrong on the way. It ends when it is disposed of. */
export async function startFalseProvider(
  trueIssuer: string,
  { clockSeconds = 0, metadata, keys }: Falsehood,
): Promise<FalseProvider> {
  const server = createServer((request, response) => {
    response.setHeader('Date', new Date(Date.now() + clockSeconds * 1000).toUTCString());
    response.setHeader('Content-Type', 'application/json');
    if (request.url === '/keys') return response.end(JSON.stringify(keys));
    discovered(trueIssuer).then(
      (truth) => {
        const own = { issuer, ...(keys !== undefined && { jwks_uri: `${issuer}/keys` }) };
        response.end(JSON.stringify({ ...truth, ...own, ...metadata }));
      },
      (error: unknown) => response.writeHead(502).end(JSON.stringify({ error: String(error) })),
    );
    return undefined;
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('the provider has no address');
  const issuer = `http://127.0.0.1:${String(address.port)}`;
  return {
    issuer,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function discovered(issuer: string): Promise<object> {
  return (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as object;
}
