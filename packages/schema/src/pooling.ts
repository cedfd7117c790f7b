import type { Client } from 'pg';
import { openClient, type Pooling } from './database-client.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { patient, requestTimeouts } from './timeouts.ts';
import type { DatabasePlace } from './orm.ts';

/** How often it is tried to catch a pooler giving one session to two connections. */
const tries = 5;

/**
 * Finds out what a database URL leads to. A pooler makes up the process number that a connection is told at its beginning; in
 * transaction mode, a session that one connection has just used is given to the next.
 * @throws Error when the database is away, DatabaseUrlInvalid
 */
export async function findPooling({ databaseUrl, caFile }: DatabasePlace): Promise<Pooling> {
  const settings = {
    server: parseDatabaseUrl(databaseUrl, caFile),
    timeouts: patient({ ...requestTimeouts, idleInTransaction: 0 }),
    // Poolers refuse what else the startup message could say.
    pooling: 'transaction' as const,
    applicationName: 'escale-start',
  };
  const first = await openClient(settings);
  try {
    const { processID: told } = first as Client & { processID: number | null };
    if (told === null || told === (await sessionOf(first))) return 'none';
    const second = await openClient(settings);
    try {
      for (let attempt = 0; attempt < tries; attempt += 1) if (await share(first, second)) return 'transaction';
      return 'session';
    } finally {
      await second.end().catch(() => undefined);
    }
  } finally {
    await first.end().catch(() => undefined);
  }
}

/** While the second holds a session, the first either has lost its own to it, or gets another. */
async function share(first: Client, second: Client): Promise<boolean> {
  const before = await sessionOf(first);
  await second.query('begin');
  try {
    return (await sessionOf(second)) === before || (await sessionOf(first)) !== before;
  } finally {
    await second.query('rollback');
  }
}

async function sessionOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}
