import type { EntityManager } from '@mikro-orm/postgresql';
import type { Client } from 'pg';
import { advisoryLock, type Turn } from './advisory-lock.ts';
import { openDirect } from './direct-clients.ts';

interface OfDatabase {
  readonly em: Pick<EntityManager, 'config'>;
}

/**
 * Waits until no process of the installation does the same, then does it. The lock has a connection of its own, outside of
 * every pool, so the work may use the pool as it likes; it ends with that connection, so with the process, however that ends.
 */
export async function inTurn<Result>(of: OfDatabase, turn: Turn, work: () => Promise<Result>): Promise<Result> {
  return withLock(
    of,
    'select true as mine from (select pg_advisory_xact_lock($1)) as locked',
    turn,
    work,
  ) as Promise<Result>;
}

/** The same without waiting. @returns undefined while another process has its turn */
export async function tryInTurn<Result>(
  of: OfDatabase,
  turn: Turn,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  return withLock(of, 'select pg_try_advisory_xact_lock($1) as mine', turn, work);
}

async function withLock<Result>(
  of: OfDatabase,
  lock: string,
  turn: Turn,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  const client = await openDirect(of, 'escale-turn');
  try {
    // A transaction stays on one session also behind a pooler. This one stays open for as long as the work takes.
    await client.query('begin; set local idle_in_transaction_session_timeout = 0');
    const { rows } = await client.query<{ mine: boolean }>(lock, [advisoryLock(turn)]);
    return rows[0]?.mine ? await work() : undefined;
  } finally {
    await ended(client);
  }
}

function ended(client: Client): Promise<void> {
  return client.end().catch(() => undefined);
}
