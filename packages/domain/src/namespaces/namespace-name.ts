import { Namespace } from '@escale/schema/entities';
import { isReservedNamespace, isWellFormedName, namespaceNameRule, type NamespaceName } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { nameInvalid, nameReserved } from '../errors.ts';

export type NameAvailability = 'VALID' | 'TAKEN' | 'INVALID' | 'RESERVED';

/** What forms ask while one types. A user's own unconfirmed name counts as free for that user. */
export async function namespaceNameAvailability(ctx: Context, name: string): Promise<NameAvailability> {
  if (!isWellFormedName(name)) return 'INVALID';
  if (isReservedNamespace(name)) return 'RESERVED';
  const taken = await ctx.em.findOne(Namespace, { name });
  const own = ctx.principal.kind === 'user' && taken?.id === ctx.principal.namespaceId;
  return taken && !own ? 'TAKEN' : 'VALID';
}

/** @throws NAME_INVALID, NAME_RESERVED */
export function checkNamespaceName(name: string, field: string): NamespaceName {
  if (!isWellFormedName(name)) throw nameInvalid(name, namespaceNameRule, field);
  if (isReservedNamespace(name)) throw nameReserved(name, field);
  return name;
}
