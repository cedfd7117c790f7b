import { randomUUID } from 'node:crypto';
import { inTurn } from '@escale/schema/orm';
import type { GarbageContext } from './garbage-context.ts';

/** What the blob store remembers of the database that it belongs to. */
export interface StoreMark {
  readonly epoch: string;
  /** The database itself: its system, timeline and tables, which are others after a restore or a failover. */
  readonly database: string;
}

/** Since when and why nothing may be deleted. */
export interface Freeze {
  readonly since: Date;
  readonly because: string;
}

interface State {
  epoch: string;
  next_epoch: string | null;
  frozen_since: Date | string | null;
  frozen_because: string | null;
}

/**
 * Compares what the database and the store remember of each other, and freezes everything that deletes when one of them is
 * from another moment or another installation (D33). A pair that never met is tied together, where there is
 * nothing yet that one could have lost.
 * @param readMark what the store remembers; undefined for a new one
 * @returns undefined when deleting is safe
 */
export async function checkFreeze(
  ctx: GarbageContext,
  readMark: () => Promise<StoreMark | undefined>,
): Promise<Freeze | undefined> {
  return inTurn(ctx, 'epoch', async () => compare(ctx, await readMark()));
}

async function compare(ctx: GarbageContext, mark: StoreMark | undefined): Promise<Freeze | undefined> {
  const state = await readState(ctx);
  if (state?.frozen_since && state.frozen_because !== null) {
    return { since: new Date(state.frozen_since), because: state.frozen_because };
  }
  const because = await difference(ctx, state, mark);
  if (because === undefined) return undefined;
  const [row] = await ctx.em.execute<{ frozen_since: Date | string }[]>(
    `insert into storage_state (id, epoch, frozen_since, frozen_because) values (1, ?, now(), ?)
       on conflict (id) do update set frozen_since = excluded.frozen_since, frozen_because = excluded.frozen_because
       returning frozen_since`,
    [randomUUID(), because],
  );
  return { since: new Date(row?.frozen_since ?? 0), because };
}

async function difference(
  ctx: GarbageContext,
  state: State | undefined,
  mark: StoreMark | undefined,
): Promise<string | undefined> {
  if (!mark) {
    const [used] = await ctx.em.execute<unknown[]>('select 1 from blobs limit 1');
    return state && used ? 'the blob store is new or was put back, and the database lists blobs in it' : undefined;
  }
  if (!state) return 'the blob store belongs to another database, or the database is new';
  if (mark.epoch !== state.epoch && mark.epoch !== state.next_epoch) {
    return 'the database or the blob store was put back to an earlier moment';
  }
  return mark.database === (await databaseIdentity(ctx))
    ? undefined
    : 'the database was restored, or another server took over';
}

/**
 * Begins a new epoch on both sides, the store's between the two steps of the database's, so that a process that dies in
 * between leaves a pair that still fits.
 */
export async function beginEpoch(ctx: GarbageContext, writeMark: (mark: StoreMark) => Promise<void>): Promise<void> {
  const next = randomUUID();
  await inTurn(ctx, 'epoch', async () => {
    const { em } = ctx;
    await em.execute(
      `insert into storage_state (id, epoch, next_epoch) values (1, ?, ?) on conflict (id) do update set next_epoch = excluded.next_epoch`,
      [next, next],
    );
    await writeMark({ epoch: next, database: await databaseIdentity({ em }) });
    await em.execute('update storage_state set epoch = ?, next_epoch = null where next_epoch = ?', [next, next]);
  });
}

/** Ends a freeze: every blob was checked since it began. When it began stays known. */
export async function thaw(ctx: GarbageContext): Promise<void> {
  await ctx.em.execute('update storage_state set frozen_because = null');
}

/** When the last freeze began, which may have ended; undefined when there was none. */
export async function lastFrozen(ctx: GarbageContext): Promise<Date | undefined> {
  const state = await readState(ctx);
  return state?.frozen_since ? new Date(state.frozen_since) : undefined;
}

async function readState(ctx: GarbageContext): Promise<State | undefined> {
  const [state] = await ctx.em.execute<State[]>(
    'select epoch, next_epoch, frozen_since, frozen_because from storage_state',
  );
  return state;
}

/** A dump that is read back makes tables with other ids; a copy that goes on by itself is on another timeline. */
async function databaseIdentity(ctx: GarbageContext): Promise<string> {
  const [row] = await ctx.em.execute<{ identity: string }[]>(
    `select concat_ws(':', (select oid from pg_database where datname = current_database()), 'blobs'::regclass::oid,
       left(pg_walfile_name(pg_current_wal_lsn()), 8)) as identity`,
  );
  return row?.identity ?? '';
}
