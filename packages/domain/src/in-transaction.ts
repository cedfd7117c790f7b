import { holdingConnection, type EntityManager } from '@escale/schema/orm';
import type { IsolationLevel } from '@mikro-orm/core';

export interface TransactionOptions {
  readonly isolationLevel?: IsolationLevel;
  /** Whether the transaction begins without the entities that the outer context has loaded. */
  readonly clear?: boolean;
  /** Whether everything is taken back at its end: for derivations that need rows to work with. */
  readonly undo?: boolean;
}

/**
 * Runs work in one transaction: committed with what it returns, rolled back when it throws. In a transaction already, it is a part
 * of that one, with a savepoint. This is the only way to open a transaction in a verb.
 *
 * Inside, `inner` is the only context that works. A statement on any other, which would need a second connection, throws
 * `SecondConnection`: requests that hold one connection and wait for another block each other for ever. So everything that needs
 * the database for its own reasons (another lock, a batcher) is asked before or after.
 */
export async function inTransaction<Outer extends { readonly em: EntityManager }, Result>(
  outer: Outer,
  work: (inner: Outer) => Promise<Result>,
  { undo = false, ...options }: TransactionOptions = {},
): Promise<Result> {
  try {
    return await outer.em.transactional(
      (em) =>
        holdingConnection(async () => {
          const result = await work({ ...outer, em });
          if (undo) throw new Undone(result);
          return result;
        }),
      options,
    );
  } catch (error) {
    if (error instanceof Undone) return error.result as Result;
    throw error;
  }
}

/** Ends a transaction that is to be taken back, and carries its result out. */
class Undone extends Error {
  readonly result: unknown;

  constructor(result: unknown) {
    super('the transaction is taken back');
    this.result = result;
  }
}
