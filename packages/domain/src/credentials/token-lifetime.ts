import { registrySettings } from '../administration/registry-settings.ts';
import type { Context } from '../context.ts';
import { inputInvalid } from '../errors.ts';
import { futureDate } from '../inputs/future-date.ts';

/** Days that a token lives when nothing is said of it (S5). */
const unlessSaid = { application: 90, robot: 365, api: 90 } as const;
const dayMilliseconds = 24 * 60 * 60 * 1000;

/**
 * When a new token ends. Left out: a default by its kind; null: never, which must be said. The administrators' ceiling stands
 * above both.
 * @throws INPUT_INVALID for a moment that has passed, or beyond the ceiling
 */
export async function tokenExpiry(
  ctx: Context,
  kind: keyof typeof unlessSaid,
  given: Date | null | undefined,
  field = 'expiresAt',
): Promise<Date | null> {
  const settings = await registrySettings(ctx);
  const ceiling = settings[`${kind}TokenDays`];
  const inDays = (days: number) => new Date(ctx.now.getTime() + days * dayMilliseconds);
  if (given === undefined) return inDays(Math.min(unlessSaid[kind], ceiling ?? Infinity));
  const date = futureDate(ctx, given, field);
  // A form that offers "in 30 days" is filled in some time before it arrives, and by another clock.
  if (ceiling !== null && (!date || date.getTime() > inDays(ceiling).getTime() + dayMilliseconds / 24))
    throw inputInvalid(field, `tokens of this registry live for at most ${String(ceiling)} days`);
  return date;
}
