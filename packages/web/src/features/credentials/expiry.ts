/** The moment so many days from now, as the API takes it; null for never, which has to be said. */
export function expiryIn(days: number): string | null {
  return days === 0 ? null : new Date(Date.now() + days * 86_400_000).toISOString();
}
