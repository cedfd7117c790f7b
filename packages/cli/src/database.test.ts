import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { findPooling } from '@escale/schema/orm';
import { shareConnections } from './database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseServerUrl: string;
  }
}

describe('the connections of a process', () => {
  test.each([
    [1, undefined],
    [2, undefined],
    [6, undefined],
    [1, 3],
    [1, 4],
    [4, 500],
  ])('with %s workers, and %s of them', (workers, given) => {
    const { api, registry, reads, health } = shareConnections({
      ESCALE_WORKERS: workers,
      ...(given !== undefined && { ESCALE_DATABASE_CONNECTIONS: given }),
    });
    expect(Math.min(api, registry, reads, health)).toBeGreaterThanOrEqual(1);
    if (given !== undefined) expect(api + registry + reads).toBe(given);
    // The embedded server has 120, a usual one 100; presence and listener of each worker, jobs and turns come on top.
    else expect(workers * (api + registry + reads + health + 2) + 8).toBeLessThanOrEqual(100);
  });
});

/** Changes the process number in the answer to a startup message, as a pooler does. */
function otherNumber(data: Buffer): Buffer {
  for (let at = data.indexOf('K'); at >= 0; at = data.indexOf('K', at + 1)) {
    if (data.length >= at + 9 && data.readUInt32BE(at + 1) >= 12 && data.readUInt32BE(at + 1) <= 264) {
      data.writeUInt32BE(1, at + 5);
      return data;
    }
  }
  return data;
}

describe('a pooler', () => {
  let server: Server;
  const open: Socket[] = [];
  let url: string;
  beforeAll(async () => {
    const target = new URL(inject('databaseServerUrl'));
    const folder = decodeURIComponent(target.hostname);
    const place = folder.startsWith('/')
      ? { path: `${folder}/.s.PGSQL.${target.port}` }
      : { host: folder, port: Number(target.port) };
    server = createServer((client) => {
      const inner = connect(place);
      open.push(client, inner);
      client.pipe(inner);
      inner.on('data', (data) => client.write(otherNumber(data)));
      for (const [one, other] of [
        [client, inner],
        [inner, client],
      ] as const) {
        one.on('error', () => undefined);
        one.on('close', () => other.destroy());
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    target.hostname = '127.0.0.1';
    target.port = String((server.address() as AddressInfo).port);
    url = `${target.href}?sslmode=disable`;
  });
  afterAll(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });

  test('is none where the server itself answers', async () => {
    expect(await findPooling({ databaseUrl: inject('databaseServerUrl') })).toBe('none');
  });

  test('is found by the process number that it makes up; each connection keeping its session, it may stand', async () => {
    expect(await findPooling({ databaseUrl: url })).toBe('session');
  });
});
