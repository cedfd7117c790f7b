import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, expect, test } from 'vitest';
import { alive } from './alive.ts';
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
  // It answers before whoever looks after it has looked.
  await expect.poll(() => events.join()).toContain('runs again');

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

test('a stale lock of the socket that names another process of the same user does not stop a start', async () => {
  const other = await startPostgres({ folder: path.join(root, 'other') });
  const server = await startPostgres({ folder });
  const lock = path.join(decodeURIComponent(new URL(server.url).host.split(':')[0] ?? ''), '.s.PGSQL.5432.lock');
  const lines = (await readFile(lock, 'utf8')).split('\n');
  await server.stop();
  await writeFile(lock, [String(other.pid), ...lines.slice(1)].join('\n'));
  const again = await startPostgres({ folder });
  expect(await ask(again.url, 'select 1 as value')).toBe(1);
  await again.stop();
  await other.stop();
});

/** A product of which only the database matters here: a process of its own that starts one. @returns it, and the server's pid */
async function startProduct(): Promise<{ product: ChildProcess; pid: number }> {
  const source = `
    const { startPostgres } = await import(${JSON.stringify(path.join(import.meta.dirname, 'postgres.ts'))});
    const { pid } = await startPostgres({ folder: ${JSON.stringify(folder)} });
    console.log(pid);
    setInterval(() => undefined, 1000);`;
  const product = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((resolve) => {
    product.stdout.once('data', (data: Buffer) => {
      resolve(Number(data.toString()));
    });
  });
  return { product, pid };
}
const watched = async () => (await readdir(folder)).filter((name) => name.startsWith('watched-'));

test('when its product was killed and is not started again, the server ends', { timeout: 60_000 }, async () => {
  const { product, pid } = await startProduct();
  expect(alive(pid)).toBe(true);
  product.kill('SIGKILL');
  await expect.poll(() => alive(pid), { timeout: 30_000, interval: 200 }).toBe(false);
  expect(await watched()).toEqual([]);
  const next = await startPostgres({ folder });
  expect(await ask(next.url, 'select value from kept')).toBe('here');
  await next.stop();
});

test('a start soon after the kill takes the server over, and it stays', { timeout: 60_000 }, async () => {
  const { product, pid } = await startProduct();
  product.kill('SIGKILL');
  const next = await startPostgres({ folder });
  expect(next.pid).toBe(pid);
  // Beyond the time at which it would have been ended.
  await sleep(7000);
  expect(next.pid).toBe(pid);
  expect(await ask(next.url, 'select value from kept')).toBe('here');
  await next.stop();
  expect([alive(pid), await watched()]).toEqual([false, []]);
});

test(
  'a start while the server is being ended waits for that, and begins another one',
  { timeout: 60_000 },
  async () => {
    const { product, pid } = await startProduct();
    product.kill('SIGKILL');
    // As its watchdog does it.
    for (const name of await watched()) await rm(path.join(folder, name));
    process.kill(pid, 'SIGINT');
    const next = await startPostgres({ folder });
    expect(next.pid).not.toBe(pid);
    expect(await ask(next.url, 'select value from kept')).toBe('here');
    await next.stop();
  },
);
