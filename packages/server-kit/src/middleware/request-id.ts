import { randomUUID } from 'node:crypto';
import type { Middleware } from 'koa';

/** Gives every request an id, or keeps the sane one with which it came; the answer carries it, and so do our log lines. */
export function requestId(): Middleware {
  return (http, next) => {
    const given = http.get('X-Request-Id');
    const id = /^[\w.-]{8,64}$/.test(given) ? given : randomUUID();
    (http.state as Record<string, unknown>)['requestId'] = id;
    http.set('X-Request-Id', id);
    return next();
  };
}
