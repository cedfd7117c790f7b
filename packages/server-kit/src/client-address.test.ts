import { describe, expect, test } from 'vitest';
import { clientAddressReader } from './client-address.ts';

/** All of a request that an address is read from. */
function request(remoteAddress: string | undefined, forwarded?: string) {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return { socket: { remoteAddress }, headers };
}

describe('where a request came from (T24)', () => {
  const behind = clientAddressReader(['10.0.0.0/8', '2001:db8::/32']);

  test.each([
    ['without a header the proxy itself', '10.0.0.1', undefined, '10.0.0.1'],
    ['what the proxy says', '10.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['over an IPv6 socket as well', '::ffff:10.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['behind two proxies', '10.0.0.1', '203.0.113.7, 10.9.9.9', '203.0.113.7'],
    ['not what the client has claimed', '10.0.0.1', '6.6.6.6, 203.0.113.7', '203.0.113.7'],
    ['not what a stranger says', '203.0.113.9', '6.6.6.6', '203.0.113.9'],
    ['an IPv6 client', '2001:db8::1', '2001:db9::7', '2001:db9::7'],
    ['the last good one before nonsense', '10.0.0.1', '203.0.113.7, nonsense, 10.0.0.2', '10.0.0.2'],
    ['the proxy for nonsense', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['the first proxy when all are trusted', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['nothing of a connection that is gone', undefined, '6.6.6.6', undefined],
  ])('is %s', (_, remote, forwarded, expected) => {
    expect(behind(request(remote, forwarded))).toBe(expected);
  });

  test('nobody is trusted unless named', () => {
    expect(clientAddressReader([])(request('127.0.0.1', '6.6.6.6'))).toBe('127.0.0.1');
  });

  test.each(['10.0.0.0/33', 'proxy.example', '10.0.0.0/x', ''])('%j is no network', (network) => {
    expect(() => clientAddressReader([network])).toThrow(/is no network/);
  });
});
