import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa, { type Middleware } from 'koa';
import { afterEach, describe, expect, test } from 'vitest';
import type { Logger } from '../logger.ts';
import { accessLog, health, requestId } from './index.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A server of these middlewares. @returns its address */
async function serve(...middlewares: Middleware[]): Promise<string> {
  const app = new Koa();
  app.silent = true;
  for (const middleware of middlewares) app.use(middleware);
  const server = createServer(app.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

describe('the request id', () => {
  test.each(['abcdefgh', 'a1b2-c3d4.e5_f6', 'x'.repeat(64)])('%s is kept', async (id) => {
    const url = await serve(requestId());
    expect((await fetch(url, { headers: { 'x-request-id': id } })).headers.get('x-request-id')).toBe(id);
  });

  test.each(['', 'short', 'x'.repeat(65), 'with space', '<script>x</script>', 'a"b"c"d"e'])(
    '%j is replaced by one of ours',
    async (id) => {
      const url = await serve(requestId());
      const given = (await fetch(url, { headers: { 'x-request-id': id } })).headers.get('x-request-id');
      expect(given).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    },
  );
});

describe('the access log', () => {
  /** Collects lines; the two levels that are used are all there is. */
  function collector() {
    const lines: { level: string; facts: Record<string, unknown> }[] = [];
    const at = (level: string) => (facts: Record<string, unknown>) => void lines.push({ level, facts });
    return { lines, logger: { isLevelEnabled: () => true, debug: at('debug'), warn: at('warn') } as unknown as Logger };
  }

  test('has one line for a request, with who called and without the query', async () => {
    const { lines, logger } = collector();
    const url = await serve(requestId(), accessLog(logger), (http) => {
      (http.state as Record<string, unknown>)['principal'] = 'alice';
      http.body = 'hello';
    });
    await (await fetch(`${url}/auth/callback?code=hidden`, { headers: { 'x-request-id': 'request-1' } })).text();
    await expect.poll(() => lines).toHaveLength(1);
    expect(lines[0]?.facts).toMatchObject({
      requestId: 'request-1',
      method: 'GET',
      path: '/auth/callback',
      status: 200,
      bytes: 5,
      principal: 'alice',
    });
    expect(JSON.stringify(lines)).not.toContain('hidden');
  });

  test('warns of what failed on our side', async () => {
    const { lines, logger } = collector();
    const url = await serve(accessLog(logger), (http) => {
      http.status = 503;
    });
    await (await fetch(url)).text();
    await expect.poll(() => lines.map(({ level }) => level)).toEqual(['warn']);
  });

  test('says when the client went away before the end', async () => {
    const { lines, logger } = collector();
    const url = await serve(accessLog(logger), (http) => {
      http.respond = false;
      http.res.write('begun');
    });
    const leave = new AbortController();
    await fetch(url, { signal: leave.signal });
    leave.abort();
    await expect.poll(() => lines[0]?.facts['cut']).toBe(true);
  });
});

describe('health', () => {
  const fine = { check: () => Promise.resolve(), failing: 'is away' };
  const away = { check: () => Promise.reject(new Error('connect ECONNREFUSED db.internal:5432')), failing: 'is away' };

  test('is ready when every dependency is, with an entry for each', async () => {
    const url = await serve(health({ database: fine, blobs: fine }, () => undefined));
    const answer = await fetch(`${url}/health/ready`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.json()).toEqual({
      status: 'ok',
      checks: {
        database: { status: 'ok', ms: expect.any(Number) as number },
        blobs: { status: 'ok', ms: expect.any(Number) as number },
      },
    });
  });

  test('is not ready when one is not, and gives no host name away', async () => {
    const failures: string[] = [];
    const url = await serve(health({ database: away, blobs: fine }, (name) => failures.push(name)));
    const answer = await fetch(`${url}/health/ready`);
    expect(answer.status).toBe(503);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({
      status: 'failing',
      checks: { database: { status: 'failing', message: 'is away' }, blobs: { status: 'ok' } },
    });
    expect(text).not.toMatch(/internal|5432|ECONN/);
    expect(failures).toEqual(['database']);
  });

  test('stays ready when one does its part with difficulty, and says so', async () => {
    const strained = { check: () => Promise.resolve('all 10 connections are busy'), failing: 'is away' };
    const url = await serve(health({ database: fine, pool: strained }, () => undefined));
    const answer = await fetch(`${url}/health/ready`);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      expect.objectContaining({
        status: 'degraded',
        checks: expect.objectContaining({
          pool: expect.objectContaining({ status: 'degraded', message: 'all 10 connections are busy' }) as unknown,
        }) as unknown,
      }),
    ]);
  });

  test('is alive whatever its dependencies do', async () => {
    const url = await serve(health({ database: away }, () => undefined));
    const answer = await fetch(`${url}/health/live`);
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok', checks: {} }]);
  });

  test('waits two seconds for a check and no longer, and tells the check so', async () => {
    let told = false;
    const stuck = {
      check: (signal: AbortSignal) =>
        new Promise<void>(() => {
          signal.addEventListener('abort', () => {
            told = true;
          });
        }),
      failing: 'does not answer',
    };
    const url = await serve(health({ database: stuck }, () => undefined));
    const begun = performance.now();
    expect((await fetch(`${url}/health/ready`)).status).toBe(503);
    expect(performance.now() - begun).toBeLessThan(3000);
    expect(told).toBe(true);
  });

  test('leaves other addresses to others', async () => {
    const url = await serve(health({}, () => undefined));
    expect((await fetch(`${url}/health`)).status).toBe(404);
  });
});
