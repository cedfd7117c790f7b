import { trimRightsChanges } from '@escale/schema/orm';
import type { Context } from '../context.ts';

/** Forgets that rights were changed, where everybody has seen it; whoever remembers rights asks once more. */
export async function forgetRightsChanges({ em }: Pick<Context, 'em'>): Promise<void> {
  await em.execute(trimRightsChanges);
}
