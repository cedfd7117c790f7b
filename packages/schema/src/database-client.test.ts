import { expect, test } from 'vitest';
import { clientClass } from './database-client.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { requestTimeouts } from './timeouts.ts';

test('a connection that the server ends does not end the process, whoever made it', () => {
  const server = parseDatabaseUrl('postgres://localhost/test');
  const settings = { server, timeouts: requestTimeouts, pooling: 'none', applicationName: 'test' } as const;
  const client = new (clientClass(settings))();
  expect(() => client.emit('error', new Error('terminating connection'))).not.toThrow();
});
