import type { Middleware } from 'koa';
import type { Logger } from '../logger.ts';

/**
 * One line for each request when it has been answered. The query stays out: it may hold codes and signatures. Who called is
 * what the server has put into `state.principal`.
 */
export function accessLog(logger: Logger): Middleware {
  return async (http, next) => {
    const begun = performance.now();
    http.res.once('close', () => {
      const failed = http.res.statusCode >= 500;
      if (!failed && !logger.isLevelEnabled('debug')) return;
      const state = http.state as Record<string, unknown>;
      const facts = {
        requestId: state['requestId'],
        method: http.method,
        path: http.path.slice(0, 512),
        status: http.res.statusCode,
        ms: Math.round(performance.now() - begun),
        bytes: http.response.length,
        principal: state['principal'],
        ...(!http.res.writableFinished && { cut: true }),
      };
      if (failed) logger.warn(facts, 'answered');
      else logger.debug(facts, 'answered');
    });
    await next();
  };
}
