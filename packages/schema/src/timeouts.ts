/** For how long anything waits for the database. Seconds; 0 is for ever. */
export interface Timeouts {
  /** For a free connection of a pool, or a new one. */
  readonly connect: number;
  readonly statement: number;
  /** For a lock that another transaction holds. */
  readonly lock: number;
  /** How long a transaction may stay open between two statements. */
  readonly idleInTransaction: number;
}

/** What requests wait for at most. */
export const requestTimeouts: Timeouts = { connect: 10, statement: 60, lock: 30, idleInTransaction: 60 };

/** The same for background jobs, migrations and commands, whose statements may take long. */
export const patient = (timeouts: Timeouts): Timeouts => ({ ...timeouts, statement: 0, lock: 0 });

/** Names of PostgreSQL's settings, in milliseconds. */
function settingsOf({ statement, lock, idleInTransaction }: Timeouts) {
  return {
    statement_timeout: statement * 1000,
    lock_timeout: lock * 1000,
    idle_in_transaction_session_timeout: idleInTransaction * 1000,
  };
}

/** For the startup message of a connection. Those that the operator gives in `options` stand. */
export function limitsOf(timeouts: Timeouts, options = ''): Partial<ReturnType<typeof settingsOf>> {
  return Object.fromEntries(Object.entries(settingsOf(timeouts)).filter(([name]) => !options.includes(name)));
}

/** As statements. @param local for the current transaction alone */
export function setLimits(timeouts: Timeouts, local = false): string {
  return Object.entries(settingsOf(timeouts))
    .map(([name, value]) => `set ${local ? 'local ' : ''}${name} = ${String(value)}`)
    .join('; ');
}
