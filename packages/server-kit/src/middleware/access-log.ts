import type { Middleware } from 'koa';
import type { Logger } from '../logger.ts';

/** One line for each request when it has been answered. The query stays out: it may hold codes and signatures. */
export function accessLog(logger: Logger): Middleware {
  return async (http, next) => {
    const begun = performance.now();
    http.res.once('close', () => {
      const facts = {
        requestId: (http.state as Record<string, unknown>)['requestId'],
        method: http.method,
        path: http.path.slice(0, 512),
        status: http.res.statusCode,
        ms: Math.round(performance.now() - begun),
        ...(!http.res.writableFinished && { cut: true }),
      };
      if (http.res.statusCode >= 500) logger.warn(facts, 'answered');
      else logger.debug(facts, 'answered');
    });
    await next();
  };
}
