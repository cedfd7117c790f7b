import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, expect, test } from 'vitest';
import { startPostgres } from './postgres.ts';

const root = await mkdtemp(path.join(tmpdir(), 'escale-postgres-'));
afterAll(() => rm(root, { recursive: true, force: true }));
const folder = path.join(root, 'database');

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ value: unknown }>(sql);
    return rows[0]?.value;
  } finally {
    await client.end();
  }
}

test('data survive a stop, a kill of the server, and a launcher that was killed', async () => {
  const events: string[] = [];
  const first = await startPostgres({ folder, onEvent: (message) => events.push(message) });
  await ask(first.url, `create table kept as select 'here' as value`);
  expect((await stat(path.join(folder, 'postgres-password'))).mode & 0o777).toBe(0o600);
  await expect(ask(first.url.replace(/:[^:@]+@/, ':wrong@'), 'select 1 as value')).rejects.toThrow(/password/);

  // The server dies by itself: it is started again on the same port.
  process.kill(first.pid, 'SIGKILL');
  let found: unknown;
  for (let tries = 0; tries < 100 && found === undefined; tries += 1) {
    await sleep(100);
    found = await ask(first.url, 'select value from kept').catch(() => undefined);
  }
  expect(found).toBe('here');
  expect(events.join()).toContain('runs again');

  // A second start finds the running server and takes it over instead of starting another.
  const second = await startPostgres({ folder });
  expect(second.pid).toBe(first.pid);
  await first.stop();
  await second.stop();

  const third = await startPostgres({ folder });
  expect(await ask(third.url, 'select value from kept')).toBe('here');
  await third.stop();
});

test('a stale pid file that names another process does not stop a start', async () => {
  const server = await startPostgres({ folder });
  const file = path.join(folder, 'cluster/postmaster.pid');
  const lines = (await readFile(file, 'utf8')).split('\n');
  await server.stop();
  await writeFile(file, [String(process.pid), ...lines.slice(1)].join('\n'));
  const again = await startPostgres({ folder });
  expect(await ask(again.url, 'select 1 as value')).toBe(1);
  await again.stop();
});
