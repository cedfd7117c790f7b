const length = 86_400_000;

/** `2026-11-24`, of the day in UTC that the server counts by. */
export function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

export interface Days {
  /** Both days are part of it. */
  readonly first: string;
  readonly last: string;
}

/** The last so many days, today among them. */
export function lastDays(count: number, now = new Date()): Days {
  return { first: dayOf(new Date(now.getTime() - (count - 1) * length)), last: dayOf(now) };
}

/** From the beginning of the first day to the end of the last, as the API takes it. */
export function boundsOf({ first, last }: Days): { from: string; to: string } {
  return { from: `${first}T00:00:00.000Z`, to: new Date(Date.parse(last) + length).toISOString() };
}

/** Every day of them, also those on which nothing happened. */
export function eachDay({ first, last }: Days): string[] {
  const count = Math.round((Date.parse(last) - Date.parse(first)) / length) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => dayOf(new Date(Date.parse(first) + index * length)));
}
