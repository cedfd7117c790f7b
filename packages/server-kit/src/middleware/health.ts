import type { Middleware } from 'koa';

/**
 * Resolves when a dependency does its part: with a text for anybody where it does so with difficulty, and requests should still
 * come. Rejects when it does not; the reason is for the log.
 */
export type HealthCheck = (signal: AbortSignal) => Promise<unknown>;

/** Milliseconds for one check. */
const patience = 2000;

interface Finding {
  readonly status: 'ok' | 'degraded' | 'failing';
  readonly ms: number;
  readonly message?: string;
}

/**
 * `/health/live`: the process answers. `/health/ready`: everything it depends on does its part too. 200 or 503, with an entry
 * for each dependency. One that is degraded is named, and leaves the answer at 200.
 * @param checks what each dependency is called, how it is asked, and what is said when it fails (details go to the log alone)
 */
export function health(
  checks: Readonly<Record<string, { readonly check: HealthCheck; readonly failing: string }>>,
  onFailure: (name: string, error: unknown) => void,
): Middleware {
  return async (http, next) => {
    if (http.path !== '/health/live' && http.path !== '/health/ready') return next();
    const asked = http.path === '/health/ready' ? Object.entries(checks) : [];
    const findings = await Promise.all(
      asked.map(async ([name, { check, failing }]): Promise<[string, Finding]> => {
        const begun = performance.now();
        const ms = () => Math.round(performance.now() - begun);
        try {
          const difficulty = await bounded(check);
          if (typeof difficulty === 'string') return [name, { status: 'degraded', ms: ms(), message: difficulty }];
          return [name, { status: 'ok', ms: ms() }];
        } catch (error) {
          onFailure(name, error);
          return [name, { status: 'failing', ms: ms(), message: failing }];
        }
      }),
    );
    const ready = findings.every(([, { status }]) => status !== 'failing');
    const healthy = findings.every(([, { status }]) => status === 'ok');
    http.status = ready ? 200 : 503;
    http.set('Cache-Control', 'no-store');
    http.body = { status: healthy ? 'ok' : ready ? 'degraded' : 'failing', checks: Object.fromEntries(findings) };
    return undefined;
  };
}

async function bounded(check: HealthCheck): Promise<unknown> {
  const signal = AbortSignal.timeout(patience);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error(`no answer within ${String(patience)} ms`));
    });
  });
  return Promise.race([check(signal), late]);
}
