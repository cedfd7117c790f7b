import { inputInvalid } from '../errors.ts';

/** A text that a form may leave empty. @returns null for nothing. @throws INPUT_INVALID when too long or with a NUL */
export function optionalText(text: string | null | undefined, field: string, limit: number): string | null {
  const trimmed = text?.trim() ?? '';
  if (trimmed.length > limit) throw inputInvalid(field, `${field} must have at most ${String(limit)} characters`);
  if (trimmed.includes('\0')) throw inputInvalid(field, `${field} must not contain a NUL character`);
  return trimmed || null;
}
