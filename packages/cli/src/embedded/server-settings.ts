/** Small on purpose: the whole product is to fit into 250 MB. */
const settings: Readonly<Record<string, string>> = {
  // Reached through its Unix socket alone, which only the user of the server can open.
  listen_addresses: '',
  unix_socket_permissions: '0700',
  shared_buffers: '32MB',
  // A slot costs little; each process has pools of its own.
  max_connections: '120',
  huge_pages: 'off',
  jit: 'off',
  // Nobody runs this on a spinning disk: following an index is worth more than PostgreSQL assumes.
  random_page_cost: '1.1',
  // Nothing replicates from here; less is written for the same durability.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '256MB',
  autovacuum_max_workers: '1',
  // A young registry grows from nothing to thousands of rows within a minute, and plans made for nothing would stay.
  autovacuum_naptime: '10s',
  max_parallel_workers: '2',
  logging_collector: 'off',
  // The log is about the server. Errors of statements go to the product, which made them and logs them itself: their texts,
  // parameters and details hold names and descriptions of private things.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_line_prefix: '%m [%p] ',
};
const fastSettings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** The settings of the embedded server as arguments of `postgres`. @param durability `none` is for tests alone */
export function settingFlags(durability: 'full' | 'none'): string[] {
  const chosen = { ...settings, ...(durability === 'none' ? fastSettings : {}) };
  return Object.entries(chosen).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
