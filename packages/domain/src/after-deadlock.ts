import { DeadlockException } from '@mikro-orm/core';

const triesAtMost = 5;

/**
 * Runs a transaction again when PostgreSQL ended it because it and another one waited for each other. For transactions that lock
 * a row on which others hold shared locks that they may still upgrade.
 */
export async function afterDeadlock<Result>(write: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof DeadlockException) || tries === triesAtMost) throw error;
    }
  }
}
