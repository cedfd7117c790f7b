import { existsSync, readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import path from 'node:path';
import sirv from 'sirv';

/** The console's built files; every path that is none of them gets the page itself, whose router knows the rest. */
export function consoleFiles(folder: string): RequestListener {
  if (!existsSync(path.join(folder, 'index.html'))) {
    throw new Error(`the console is not built: there is no ${path.join(folder, 'index.html')}; run npm run build`);
  }
  const policy = contentSecurityPolicy(folder);
  const serve = sirv(folder, {
    single: true,
    etag: true,
    // The build has compressed everything.
    gzip: true,
    brotli: true,
    setHeaders: (response, pathname) => {
      response.setHeader('Content-Security-Policy', policy);
      response.setHeader('X-Content-Type-Options', 'nosniff');
      response.setHeader('Referrer-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      // Built files carry their hash in their name. The page itself is kept nowhere: after signing out, the back button has
      // nothing to show.
      const immutable = pathname.startsWith('/assets/');
      response.setHeader('Cache-Control', immutable ? 'public, max-age=31536000, immutable' : 'no-store');
    },
  });
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end();
      return;
    }
    // A missing file below /assets is a stale page asking for an old build: an honest 404, not the page.
    serve(request, response, () => {
      response.writeHead(404).end();
    });
  };
}

/** The documents that the built console sends by their ids; none where it is not built. */
export function consoleDocuments(folder: string): ReadonlyMap<string, string> {
  const file = path.join(folder, 'documents.json');
  if (!existsSync(file)) return new Map();
  return new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>));
}

/** Nothing from elsewhere, nothing inline but the two style elements whose hashes the build has computed. */
function contentSecurityPolicy(folder: string): string {
  const file = path.join(folder, 'csp.json');
  const { styleHashes } = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { styleHashes: string[] })
    : { styleHashes: [] };
  return [
    `default-src 'none'`,
    `script-src 'self'`,
    [`style-src 'self'`, ...styleHashes.map((hash) => `'${hash}'`)].join(' '),
    `img-src 'self' data:`,
    `font-src 'self'`,
    `connect-src 'self'`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `frame-ancestors 'none'`,
  ].join('; ');
}
