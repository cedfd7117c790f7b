/** A number that was typed; null for nothing. What is no number stays none, and the server says so at its field. */
export function numberOrNull(typed: string): number | null {
  return typed.trim() === '' ? null : Number(typed);
}

/** Days as they are typed, separated by spaces or commas: `0 1 7 14`, ascending. */
export function daysOf(typed: string): number[] {
  const numbers = typed
    .split(/[\s,;]+/)
    .filter((word) => word !== '')
    .map(Number);
  return [...new Set(numbers.filter((days) => Number.isFinite(days) && days >= 0))].sort((a, b) => a - b);
}
