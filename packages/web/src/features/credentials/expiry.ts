/** The moment so many days from now, as the API takes it; undefined for never. */
export function expiryIn(days: number): string | undefined {
  return days === 0 ? undefined : new Date(Date.now() + days * 86_400_000).toISOString();
}
