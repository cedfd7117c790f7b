import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { afterAll, expect, test } from 'vitest';
import { alive } from './alive.ts';
import { choosePlace } from './cluster-place.ts';
import { freePort } from './free-port.ts';
import { startPostgres, type EmbeddedPostgres } from './postgres.ts';
import { programEnvironment } from './program-environment.ts';
import { runningPostgres } from './running-postgres.ts';

const root = await mkdtemp(path.join(tmpdir(), 'escale-access-'));
afterAll(() => rm(root, { recursive: true, force: true }));

async function ask(url: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) ({ rows } = await client.query<Record<string, unknown>>(statement));
    return rows;
  } finally {
    await client.end();
  }
}

/** The address for the superuser, who administers the server. */
async function administrator(folder: string, server: EmbeddedPostgres): Promise<string> {
  const password = (await readFile(path.join(folder, 'postgres-password'), 'utf8')).trim();
  return server.url.replace(/\/\/[^@]+@/, `//postgres:${password}@`);
}

test('the product is no superuser, no TCP port is open, and the log keeps quiet about private names', async () => {
  const folder = path.join(root, 'first/database');
  const server = await startPostgres({ folder });
  try {
    const rights = `select rolsuper, rolcreatedb, rolcreaterole, rolbypassrls from pg_roles where rolname = current_user`;
    expect(await ask(server.url, rights)).toEqual([
      { rolsuper: false, rolcreatedb: false, rolcreaterole: false, rolbypassrls: false },
    ]);
    await expect(ask(server.url, `select pg_read_file('/etc/passwd')`)).rejects.toThrow(/permission denied/);
    await expect(ask(server.url, `copy (select 1) to program 'true'`)).rejects.toThrow(/permission denied/);
    expect(await ask(server.url, 'show listen_addresses')).toEqual([{ listen_addresses: '' }]);
    // What migrations and the background jobs do.
    await ask(server.url, 'create schema jobs', 'create table jobs.one (name text primary key)');
    const secret = 'a-private-name';
    const insert = `insert into jobs.one values ('${secret}')`;
    await expect(ask(server.url, insert, insert)).rejects.toThrow(/duplicate key/);
    await expect(ask(server.url, `select '${secret}'::uuid`)).rejects.toThrow(/invalid input syntax/);
    const log = path.join(folder, 'postgres.log');
    expect(await readFile(log, 'utf8')).not.toContain(secret);
    expect((await stat(log)).mode & 0o777).toBe(0o600);
    expect((await stat(path.join(folder, 'database-password'))).mode & 0o777).toBe(0o600);
    expect(await runningPostgres(folder)).toBe(server.url);
  } finally {
    await server.stop();
  }
});

test('a cluster of an earlier version, whose superuser owned everything, is given to the role of the product', async () => {
  const folder = path.join(root, 'former/database');
  const first = await startPostgres({ folder });
  const all = await administrator(folder, first);
  await ask(
    all,
    'alter database postgres owner to postgres',
    'create table kept (id serial primary key, name text)',
    'create table numbered (id bigint generated always as identity)',
    `insert into kept (name) values ('here')`,
    'create sequence alone',
    'create view seen as select * from kept',
    'create materialized view stored as select * from kept',
    `create type mood as enum ('calm')`,
    'create type pair as (one int, other int)',
    'create domain positive as int check (value > 0)',
    `create function noted() returns trigger language plpgsql as 'begin return new; end'`,
    'create trigger noting before insert on kept for each row execute function noted()',
    'create schema graphile_worker',
    'create table graphile_worker."Odd Name" (id int)',
    `create procedure graphile_worker.act("an argument" mood) language sql as 'select 1'`,
    'reassign owned by escale to postgres',
    'drop owned by escale',
    'drop role escale',
  );
  await first.stop();
  await rm(path.join(folder, 'database-password'));

  const server = await startPostgres({ folder });
  try {
    expect(await ask(server.url, 'select name from kept')).toEqual([{ name: 'here' }]);
    await ask(
      server.url,
      ...['kept', 'numbered', 'graphile_worker."Odd Name"'].map((table) => `alter table ${table} add column more int`),
      `insert into kept (name) values ('more')`,
      'refresh materialized view stored',
      'create or replace view seen as select * from kept',
      `alter type mood add value 'lively'`,
      'drop schema graphile_worker cascade',
      'drop function noted() cascade',
      ...[
        'table kept cascade',
        'table numbered cascade',
        'sequence alone',
        'type mood',
        'type pair',
        'domain positive',
      ].map((thing) => `drop ${thing}`),
      'create schema graphile_worker',
    ).catch((error: unknown) => {
      throw new Error(`not given away: ${String(error)}`);
    });
  } finally {
    await server.stop();
  }
});

test('a server of an earlier version that was left behind on a TCP port is ended, and nothing is lost', async () => {
  const folder = path.join(root, 'orphan/database');
  const first = await startPostgres({ folder });
  await ask(first.url, `create table kept as select 'here' as value`);
  await first.stop();
  const { binaries, cluster, user } = await choosePlace(folder);
  const postgres = path.join(binaries, 'bin', 'postgres');
  const flags = ['-D', cluster, '-h', '127.0.0.1', '-k', cluster, '-p', String(await freePort())];
  const options = { cwd: '/', env: programEnvironment(), stdio: 'ignore' as const, ...user };
  const pidFile = () => readFile(path.join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const ready = () => expect.poll(pidFile, { timeout: 20_000 }).toContain('ready');

  const child = spawn(postgres, flags, options);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await ready();
  // Its product, which is this process, still runs: nobody takes its database away.
  await expect(startPostgres({ folder })).rejects.toThrow(`in process ${String(process.pid)}; stop it first`);
  child.kill('SIGINT');
  await ended;

  // This one's product is gone.
  spawn('/bin/sh', ['-c', '"$0" "$@" &', postgres, ...flags], options);
  await ready();
  const orphan = Number((await pidFile()).split('\n')[0]);
  const server = await startPostgres({ folder });
  expect([server.pid === orphan, alive(orphan)]).toEqual([false, false]);
  expect(await ask(server.url, 'show listen_addresses')).toEqual([{ listen_addresses: '' }]);
  expect(await ask(server.url, 'select value from kept')).toEqual([{ value: 'here' }]);
  await server.stop();
});

test('a cluster whose path is too long for a socket has it in a short folder that others cannot enter', async () => {
  const folder = path.join(root, 'long'.padEnd(120, 'x'), 'database');
  const server = await startPostgres({ folder });
  try {
    expect(await ask(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await runningPostgres(folder)).toBe(server.url);
    const socketFolder = decodeURIComponent(new URL(server.url).hostname);
    expect((await stat(socketFolder)).mode & 0o777).toBe(0o700);
    await server.stop();
    await rm(socketFolder, { recursive: true });
  } finally {
    await server.stop();
  }
});

test('a pid file that is a link, or names a host, is not believed', async () => {
  const folder = path.join(root, 'lying/database');
  await mkdir(path.join(folder, 'cluster'), { recursive: true });
  await writeFile(path.join(folder, 'database-password'), 'x\n');
  const file = path.join(folder, 'cluster/postmaster.pid');
  const text = ['1', folder, '1', '5432', 'evil.example', '', '', 'ready', ''].join('\n');
  await writeFile(file, text);
  expect(await runningPostgres(folder)).toBeUndefined();
  await rename(file, path.join(folder, 'elsewhere'));
  await writeFile(path.join(folder, 'elsewhere'), text.replace('evil.example', folder));
  await symlink(path.join(folder, 'elsewhere'), file);
  expect(await runningPostgres(folder)).toBeUndefined();
});

/** The user as whom nothing of ours runs. */
const stranger = 65_534;

if (process.getuid?.() === 0) {
  test('started as root, another user cannot connect, even with the password', async () => {
    const folder = path.join(root, 'shared/database');
    await chmod(root, 0o755);
    const server = await startPostgres({ folder });
    try {
      const socket = decodeURIComponent(new URL(server.url).hostname);
      const source = `require('node:net').connect(${JSON.stringify(path.join(socket, '.s.PGSQL.5432'))})
        .on('connect', () => { console.log('connected'); process.exit(); }).on('error', (error) => console.log(error.code))`;
      const child = spawn(process.execPath, ['--eval', source], { uid: stranger, gid: stranger, cwd: '/' });
      let said = '';
      child.stdout.on('data', (data: Buffer) => (said += data.toString()));
      await new Promise((resolve) => child.once('close', resolve));
      expect(said.trim()).toBe('EACCES');
    } finally {
      await server.stop();
    }
  });

  /** A folder that the database's user cannot reach, so that the cluster lies in `home`. */
  async function unreachable(name: string): Promise<{ folder: string; home: string }> {
    const closed = path.join(root, name);
    await mkdir(closed, { mode: 0o700 });
    const folder = path.join(closed, 'data/database');
    await mkdir(folder, { recursive: true });
    const key = createHash('sha256').update(folder).digest('hex').slice(0, 16);
    return { folder, home: path.join('/var/lib/escale', key) };
  }

  test('started as root, links in a folder that the database’s user owned lead nowhere, and it owns the folder no more', async () => {
    const { folder, home } = await unreachable('closed');
    const target = path.join(root, 'target');
    await writeFile(target, 'precious', { mode: 0o600 });
    const { user } = await choosePlace(folder);
    // As an earlier version left it, with what that user could put there.
    await chown(home, user?.uid ?? 0, user?.gid ?? 0);
    for (const name of ['postgres.log', 'initdb-password', 'database-password', 'postgres.log.1'])
      await symlink(target, path.join(home, name));
    const server = await startPostgres({ folder });
    try {
      expect(await ask(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      const { uid, mode } = await stat(home);
      expect([uid, mode & 0o777]).toEqual([0, 0o711]);
      const kept = await stat(target);
      expect([await readFile(target, 'utf8'), kept.uid, kept.mode & 0o777]).toEqual(['precious', 0, 0o600]);
    } finally {
      await server.stop();
      await rm(home, { recursive: true, force: true });
    }
  });

  test('started as root, a cluster that was replaced by a link is refused, and what the link leads to keeps its owner', async () => {
    const { folder, home } = await unreachable('replaced');
    const precious = path.join(root, 'precious');
    await mkdir(path.join(precious, 'below'), { recursive: true });
    await choosePlace(folder);
    await rm(path.join(home, 'cluster'), { recursive: true });
    await symlink(precious, path.join(home, 'cluster'));
    await expect(startPostgres({ folder })).rejects.toThrow(/is no folder/);
    for (const one of [precious, path.join(precious, 'below')]) expect((await lstat(one)).uid).toBe(0);
    await rm(home, { recursive: true, force: true });
  });
}
