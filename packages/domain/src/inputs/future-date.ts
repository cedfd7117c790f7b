import type { Context } from '../context.ts';
import { inputInvalid } from '../errors.ts';

/** An expiry as a form gives it. @returns null for never. @throws INPUT_INVALID for a moment that has passed */
export function futureDate(ctx: Context, date: Date | null | undefined, field: string): Date | null {
  if (!date) return null;
  if (Number.isNaN(date.getTime()) || date <= ctx.now) throw inputInvalid(field, 'the expiry must lie in the future');
  return date;
}
