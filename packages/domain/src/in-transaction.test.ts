import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import {
  connectionCounts,
  connectionFailure,
  createOrm,
  executePrepared,
  inTurn,
  runPrepared,
  SecondConnection,
  type EntityManager,
  type Orm,
} from '@escale/schema/orm';
import { openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { inTransaction } from './in-transaction.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseServerUrl: string;
  }
}

/** As another request would ask. */
const outsideOfAll = AsyncLocalStorage.snapshot();
let database: TestDatabase;
let orm: Orm;
/** Seconds. */
const timeouts = { connect: 1, statement: 1, lock: 1, idleInTransaction: 1 };

beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
});
beforeEach(async () => {
  orm = await createOrm({ databaseUrl: database.url, poolSize: 2, timeouts });
  return () => orm.close(true);
});
afterAll(() => database.close());

const outer = (): { em: EntityManager } => ({ em: orm.em.fork() });
const rows = (em: EntityManager, sql = 'select 1') => em.execute(sql);

/** The reason of an error, however often it was wrapped. */
async function causeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  return String(error);
}

describe('a statement past the transaction throws', () => {
  test.each<[string, (ctx: { em: EntityManager }) => Promise<unknown>]>([
    ['of the outer manager', ({ em }) => rows(em)],
    ['of another fork', () => rows(orm.em.fork())],
    ['of a fork of the inner one', ({ em }) => rows(em.fork())],
    ['that is prepared', ({ em }) => executePrepared(em, 'select ?::int', [1])],
    ['that is prepared, past the ORM', () => runPrepared(orm, { name: 'one', text: 'select 1' }, [])],
    ['in a transaction of its own', ({ em }) => inTransaction({ em }, (inner) => rows(inner.em))],
  ])('%s', async (_, ask) => {
    const ctx = outer();
    const said = await causeOf(inTransaction(ctx, async () => ask(ctx)));
    expect(said).toContain(new SecondConnection().message);
    // Not once it has ended.
    await rows(ctx.em);
  });

  test('but not of what it began and did not wait for', async () => {
    const ctx = outer();
    let later: Promise<unknown> = Promise.resolve();
    await inTransaction(ctx, async (inner) => {
      const ended = new Promise((resolve) => setTimeout(resolve, 50));
      later = ended.then(() => rows(ctx.em));
      return rows(inner.em);
    });
    await later;
  });
});

test('inside a transaction it is a part of that one', async () => {
  await inTransaction(outer(), async (ctx) => {
    await inTransaction(ctx, async (inner) => rows(inner.em, 'create temp table part (a int) on commit drop'));
    await rows(ctx.em, 'select * from part');
  });
});

test('what is undone gives its result and leaves nothing', async () => {
  const derive = async ({ em }: { em: EntityManager }) => {
    await rows(em, 'create table undone as select 7 as a');
    return rows(em, 'select a from undone');
  };
  const result = await inTransaction(outer(), derive, { undo: true });
  expect(result).toEqual([{ a: 7 }]);
  expect(await rows(orm.em.fork(), `select 1 from pg_class where relname = 'undone'`)).toEqual([]);
});

test('a turn is held beside the pool: its work may use every connection', async () => {
  const one = await createOrm({ databaseUrl: database.url, poolSize: 1, timeouts });
  let inside = 0;
  const turn = () =>
    inTurn(one, 'epoch', async () => {
      expect((inside += 1)).toBe(1);
      await rows(one.em.fork(), 'select pg_sleep(0.05)');
      inside -= 1;
    });
  await Promise.all([turn(), turn(), turn()]);
  await one.close(true);
});

describe('no wait is for ever', () => {
  const failureOf = async (work: Promise<unknown>) => {
    const error: unknown = await work.catch((thrown: unknown) => thrown);
    return connectionFailure(error);
  };

  test('for a connection', async () => {
    let isReleased = false;
    const hold = () =>
      inTransaction(outer(), async ({ em }) => {
        while (!isReleased) await rows(em, 'select pg_sleep(0.1)');
      });
    const held = [hold(), hold()];
    await expect.poll(() => connectionCounts(orm)).toMatchObject({ busy: 2 });
    expect(await failureOf(rows(orm.em.fork()))).toBe('busy');
    isReleased = true;
    await Promise.all(held);
  });

  test('for a statement', async () => {
    expect(await failureOf(rows(orm.em.fork(), 'select pg_sleep(5)'))).toBe('busy');
    expect(await failureOf(runPrepared(orm, { name: 'long', text: 'select pg_sleep($1)' }, [5]))).toBe('busy');
  });

  test('for a lock', async () => {
    await rows(database.orm.em.fork(), 'create table locked (a int)');
    const other = { em: database.orm.em.fork() };
    await inTransaction(other, async ({ em }) => {
      await rows(em, 'lock table locked');
      const free = await createOrm({ databaseUrl: database.url, timeouts: { ...timeouts, statement: 5 } });
      const outside = outsideOfAll(() => failureOf(rows(free.em.fork(), 'select * from locked')));
      expect(await outside).toBe('busy');
      await free.close(true);
    });
  });

  test('in a transaction that does nothing, and its connection is not lost to the pool', async () => {
    for (let times = 0; times < 3; times += 1) {
      const idle = inTransaction(outer(), async ({ em }) => {
        await rows(em);
        await new Promise((resolve) => setTimeout(resolve, 1300));
        await rows(em);
      });
      expect(await failureOf(idle)).toBeDefined();
    }
    expect(await rows(orm.em.fork())).toEqual([{ '?column?': 1 }]);
  });
});

test('connections that break in a transaction are not lost to the pool', async () => {
  for (let times = 0; times < 5; times += 1) {
    const broken = inTransaction(outer(), ({ em }) => rows(em, 'select pg_terminate_backend(pg_backend_pid())'));
    expect(connectionFailure(await broken.catch((error: unknown) => error))).toBe('away');
  }
  await rows(orm.em.fork());
  expect(await connectionCounts(orm)).toMatchObject({ busy: 0, waiting: 0 });
});
