const connectionCodes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND'],
  // PostgreSQL: connection exceptions, too many connections, shutting down, starting up, disk full.
  ...['08000', '08003', '08006', '53300', '53100', '57P01', '57P02', '57P03'],
]);

/** The database is away or going away: said in words, and over by itself when it is back. */
export function isConnectionFailure(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    const { code } = cause as { code?: unknown };
    if (typeof code === 'string' && connectionCodes.has(code)) return true;
    if (/connection terminated|connection error|timeout exceeded when trying to connect/i.test(cause.message))
      return true;
  }
  return false;
}
