import { tlsFailure } from './database-tls.ts';

const awayCodes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'],
  // PostgreSQL: connection exceptions, shutting down, starting up, disk full.
  ...['08000', '08001', '08003', '08004', '08006', '53100', '57P01', '57P02', '57P03'],
  tlsFailure,
]);

const busyCodes = new Set([
  // PostgreSQL: too many connections; statement, lock, idle transaction and transaction ended by their limit; deadlock.
  ...['53300', '57014', '55P03', '25P03', '25P04', '40P01'],
]);

const awayWords = /connection terminated|connection error|connection ended|not queryable|Query read timeout/i;
const busyWords = /timeout exceeded when trying to connect|query_wait_timeout/i;

/**
 * Whether an error says that the database is away, or has no time: `busy` is a wait that came to its limit, for a connection or
 * for a lock. Both are over by themselves.
 * @returns undefined for any other error
 */
export function connectionFailure(error: unknown): 'away' | 'busy' | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    const { code, severity, syscall } = cause as { code?: unknown; severity?: unknown; syscall?: unknown };
    const known = typeof code === 'string' ? code : '';
    if (busyCodes.has(known) || busyWords.test(cause.message)) return 'busy';
    // What ends the session is no fault of the statement, whichever pooler says it in whichever words.
    if (awayCodes.has(known) || awayWords.test(cause.message) || severity === 'FATAL') return 'away';
    // The Unix socket of a server that does not run.
    if (known === 'ENOENT' && syscall === 'connect') return 'away';
  }
  return undefined;
}

export function isConnectionFailure(error: unknown): boolean {
  return connectionFailure(error) !== undefined;
}
