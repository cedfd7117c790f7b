import { DriverException } from '@mikro-orm/core';
import { expect, test } from 'vitest';
import { connectionFailure } from './connection-failure.ts';

const withCode = (code: string, more: object = {}) =>
  Object.assign(new Error('as the driver says it'), { code, ...more });

test.each([
  ['a statement that took too long', withCode('57014'), 'busy'],
  ['a lock that was not to be had', withCode('55P03'), 'busy'],
  ['a transaction that did nothing for too long', withCode('25P03', { severity: 'FATAL' }), 'busy'],
  ['two transactions that waited for each other', withCode('40P01'), 'busy'],
  ['no connection left at the server', withCode('53300', { severity: 'FATAL' }), 'busy'],
  ['no connection left in the pool', new Error('timeout exceeded when trying to connect'), 'busy'],
  ['a pooler without a free session', withCode('08P01', { severity: 'FATAL', message: 'query_wait_timeout' }), 'busy'],
  ['a pooler that cannot sign in', withCode('08P01', { severity: 'FATAL' }), 'away'],
  ['a server that ends', withCode('57P01'), 'away'],
  ['a name that is not known for a moment', withCode('EAI_AGAIN'), 'away'],
  ['a socket of a server that does not run', withCode('ENOENT', { syscall: 'connect' }), 'away'],
  ['a server that does not answer any more', new Error('Query read timeout'), 'away'],
  ['a certificate that is not trusted', withCode('DATABASE_TLS'), 'away'],
  ['the same within an error of the ORM', new DriverException(withCode('57014')), 'busy'],
  ['a file that is missing', withCode('ENOENT', { syscall: 'open' }), undefined],
  ['a broken rule', withCode('23505'), undefined],
  ['a fault of the statement', withCode('08P01', { severity: 'ERROR' }), undefined],
])('%s', (_, error, expected) => {
  expect(connectionFailure(error)).toBe(expected);
});
