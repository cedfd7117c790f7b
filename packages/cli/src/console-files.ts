import { existsSync, readFileSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import path from 'node:path';
import sirv from 'sirv';
import { isForConsolePage, isPageFile } from './console-page.ts';

/**
 * The console's built files, and the page itself for its own addresses. Anything else is 404, and other methods are 405, with a body
 * that programs can read: a client that tries an older protocol must not take the page for an answer.
 */
export function consoleFiles(folder: string): RequestListener {
  if (!existsSync(path.join(folder, 'index.html'))) {
    throw new Error(`the console is not built: there is no ${path.join(folder, 'index.html')}; run npm run build`);
  }
  const policy = contentSecurityPolicy(folder);
  const serve = sirv(folder, {
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
    const { method, url = '/' } = request;
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      refuse(response, 405, 'UNSUPPORTED', 'this address answers GET and HEAD');
      return;
    }
    const notFound = () => {
      refuse(response, 404, 'NOT_FOUND', nothingHere);
    };
    // The server of files would read parts that no file has, and fail outside of every handler. A range may be ignored (RFC 9110
    // §14.2), and these files are small.
    delete request.headers.range;
    response.once('pipe', (file) => {
      // A file that is gone, for instance because another version was installed meanwhile.
      file.once('error', () => response.destroy());
    });
    const page = isForConsolePage(request);
    if (isPageFile(url) && !page) {
      notFound();
      return;
    }
    serve(request, response, () => {
      if (!page) {
        notFound();
        return;
      }
      request.url = '/';
      serve(request, response, notFound);
    });
  };
}

const nothingHere =
  'there is nothing at this address: the registry answers below /v2/, the management API at /graphql, and the console to browsers';

/** In the form of the registry's errors, which clients show. */
function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
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
