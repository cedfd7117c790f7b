import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  connectOnce,
  createOrm,
  holdConnection,
  inTurn,
  isConnectionFailure,
  migrate,
  openDirectPool,
} from '@escale/schema/orm';
import { Listener } from '@escale/schema/listener';
import { startTlsPostgres, type TlsPostgres } from './testing/tls-postgres.ts';

let server: TlsPostgres;
beforeAll(async () => {
  server = await startTlsPostgres(
    ['hostssl all all 127.0.0.1/32 scram-sha-256', 'hostnossl all all 127.0.0.1/32 scram-sha-256'].join('\n'),
  );
});
afterAll(() => server.close());

/** Whether one connection by this URL is encrypted. @throws Error when there is none */
async function encrypted(databaseUrl: string, caFile?: string): Promise<boolean> {
  const orm = await createOrm({ databaseUrl, caFile, poolSize: 1 });
  try {
    const [row] = await orm.em
      .fork()
      .execute<{ ssl: boolean }[]>('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
    return row?.ssl === true;
  } finally {
    await orm.close(true);
  }
}

describe('sslmode', () => {
  let { ca, otherCa } = { ca: '', otherCa: '' };
  beforeEach(() => {
    ({ ca, otherCa } = server.files);
  });

  test.each<[string, string, (caFile: () => string) => string, boolean]>([
    ['the usual one', '127.0.0.1', () => '', true],
    ['disable', '127.0.0.1', () => '?sslmode=disable', false],
    ['prefer', '127.0.0.1', () => '?sslmode=prefer', true],
    ['require', '127.0.0.1', () => '?sslmode=require', true],
    ['verify-ca, by another name', '127.0.0.1', (file) => `?sslmode=verify-ca&sslrootcert=${file()}`, true],
    ['require with a CA', '127.0.0.1', (file) => `?sslmode=require&sslrootcert=${file()}`, true],
    ['verify-full', 'localhost', (file) => `?sslmode=verify-full&sslrootcert=${file()}`, true],
  ])('%s', async (_, host, query, expected) => {
    expect(
      await encrypted(
        server.url(
          host,
          query(() => ca),
        ),
      ),
    ).toBe(expected);
  });

  test('a CA file alone means verify-full', async () => {
    expect(await encrypted(server.url('localhost'), ca)).toBe(true);
    await expect(encrypted(server.url('127.0.0.1'), ca)).rejects.toThrow(/not for 127\.0\.0\.1/);
  });

  test.each<[string, string, (caFile: () => string) => string, RegExp]>([
    [
      'verify-full, a CA that nobody knows',
      'localhost',
      () => '?sslmode=verify-full',
      /not trusted.*ESCALE_DATABASE_CA_FILE/,
    ],
    ['verify-full, another CA', 'localhost', (file) => `?sslmode=verify-full&sslrootcert=${file()}`, /not trusted/],
    ['verify-ca, another CA', '127.0.0.1', (file) => `?sslmode=verify-ca&sslrootcert=${file()}`, /not trusted/],
    ['require, another CA', '127.0.0.1', (file) => `?sslmode=require&sslrootcert=${file()}`, /not trusted/],
  ])('%s: nothing is sent', async (_, host, query, reason) => {
    const failed = await encrypted(
      server.url(
        host,
        query(() => otherCa),
      ),
    ).catch((error: unknown) => error);
    expect(String(failed)).toMatch(reason);
    expect(isConnectionFailure(failed)).toBe(true);
  });
});

test('every connection of an installation is encrypted and checked', async () => {
  const databaseUrl = server.url('localhost', `?sslmode=verify-full&sslrootcert=${server.files.ca}`);
  const orm = await createOrm({ databaseUrl, poolSize: 2, applicationName: 'escale-pool' });
  await migrate(orm);
  const held = await holdConnection(orm);
  const lost: unknown[] = [];
  const listener = new Listener({
    orm,
    channels: ['news'],
    onAnnouncement: () => undefined,
    onLost: (error) => lost.push(error),
  });
  await listener.listening();
  const jobs = openDirectPool(orm, { max: 1, applicationName: 'escale-jobs' });
  await jobs.query('select 1');
  const doctor = await connectOnce({ databaseUrl }, { applicationName: 'escale-doctor', patience: 2000 });
  const rows = await inTurn(orm, 'epoch', () =>
    orm.em.fork().execute<{ name: string; ssl: boolean }[]>(
      `select a.application_name as name, s.ssl from pg_stat_activity a join pg_stat_ssl s using (pid)
         where a.application_name like 'escale-%' order by 1`,
    ),
  );
  const names = ['doctor', 'jobs', 'listener', 'pool', 'presence', 'turn'];
  expect(rows).toEqual(names.map((name) => ({ name: `escale-${name}`, ssl: true })));
  await doctor.end();
  await jobs.end();
  await listener.close();
  held.end();
  await orm.close(true);
  expect(lost).toEqual([]);
});

describe('a server that asks for a client certificate', () => {
  let strict: TlsPostgres;
  beforeAll(async () => {
    strict = await startTlsPostgres('hostssl all all 127.0.0.1/32 cert');
  });
  afterAll(() => strict.close());

  test('gets it', async () => {
    const { ca, certificate, key } = strict.files;
    const query = `?sslmode=verify-full&sslrootcert=${ca}&sslcert=${certificate}&sslkey=${key}`;
    expect(await encrypted(strict.url('localhost', query))).toBe(true);
    await expect(encrypted(strict.url('localhost', `?sslmode=verify-full&sslrootcert=${ca}`))).rejects.toThrow(
      /certificate/,
    );
  });
});
