import type { Middleware } from 'koa';
import { BodyRefused } from './request-body.ts';

/**
 * A console says which of its own documents it means by an id, `documentId`; here its text takes the place. Everything that holds
 * for a document holds for it too. An id that this build does not know is one of another build's console, or nobody's (G15).
 * @param documents texts by their ids
 */
export function trustedDocuments(documents: ReadonlyMap<string, string>): Middleware {
  return (http, next) => {
    const { body } = http.request as { body?: unknown };
    if (typeof body === 'object' && body !== null && 'documentId' in body) {
      const { documentId, ...rest } = body;
      const text = typeof documentId === 'string' ? documents.get(documentId) : undefined;
      if (text === undefined) throw new BodyRefused(400, 'DOCUMENT_UNKNOWN', 'this server has no such document');
      if ('query' in rest && rest.query !== '')
        throw new BodyRefused(400, 'BAD_REQUEST', 'a request has a query or a documentId, not both');
      Object.assign(http.request, { body: { ...rest, query: text } });
    }
    return next();
  };
}
