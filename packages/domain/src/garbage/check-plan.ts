import { IsolationLevel } from '@mikro-orm/core';
import { inTransaction } from '../in-transaction.ts';
import { deriveUnreachable, type UnreachableManifest } from './derive-garbage.ts';
import type { GarbageContext } from './garbage-context.ts';
import { insertRun } from './open-run.ts';
import { planGarbage } from './plan-garbage.ts';

/**
 * Makes the collector's plan and derives the same from the roots, both of one moment, and leaves nothing of either behind.
 * @returns manifests on which the two do not agree; none in a sound database
 */
export async function findDisagreements(ctx: GarbageContext): Promise<UnreachableManifest[]> {
  return inTransaction({ ...ctx, em: ctx.em.fork() }, disagreements, {
    isolationLevel: IsolationLevel.REPEATABLE_READ,
    undo: true,
  });
}

async function disagreements(ctx: GarbageContext): Promise<UnreachableManifest[]> {
  const run = await insertRun(ctx, { dryRun: true, graceSeconds: 0 });
  await planGarbage(ctx, run, 0);
  const planned = await ctx.em.execute<UnreachableManifest[]>(
    `select repository, digest from garbage_items where run_id = ? and kind = 'manifest'`,
    [run],
  );
  const differing = new Map(planned.map((one) => [`${one.repository}@${one.digest}`, one]));
  for (const one of await deriveUnreachable(ctx)) {
    const name = `${one.repository}@${one.digest}`;
    if (!differing.delete(name)) differing.set(name, one);
  }
  return [...differing.values()];
}
